"""Makes LocalStack's S3 keep its buckets and objects in the folder that S3_STATE_DIR names.

LocalStack runs the scripts of start.d in its own process before it listens. When a script fails, LocalStack only logs
the error and starts with an empty S3, so this script ends the process. Its code is in the package persistent_s3 beside
start.d.
"""

import os
import sys
import traceback

from localstack import config
from localstack.constants import VERSION

try:
    sys.path.append(config.dirs.init)
    from persistent_s3.install import StateError, install
except BaseException:
    traceback.print_exc()
    print("LocalStack ends: cannot import the package persistent_s3 beside start.d.", file=sys.stderr, flush=True)
    os._exit(1)  # LocalStack would log an exception and continue

try:
    print(install(os.environ.get("S3_STATE_DIR", "")), flush=True)
except StateError as error:
    print(f"LocalStack ends, because its S3 cannot keep its objects: {error}", file=sys.stderr, flush=True)
    os._exit(1)
except BaseException:
    traceback.print_exc()
    print(
        f"LocalStack {VERSION} ends, because its S3 cannot keep its objects in "
        f"S3_STATE_DIR={os.environ.get('S3_STATE_DIR')} (see the traceback above).",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
