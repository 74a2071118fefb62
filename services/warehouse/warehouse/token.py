"""An OAuth token endpoint."""

from fastapi import APIRouter

router = APIRouter()


@router.post("/token", include_in_schema=False)
def token() -> dict[str, str | int]:
    """Return a token, so that a profile for production works with a test key whose `token_uri` is this address."""
    return {"access_token": "local-emulator", "expires_in": 3600, "token_type": "Bearer"}
