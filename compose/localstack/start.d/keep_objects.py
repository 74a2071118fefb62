"""Makes LocalStack's S3 keep its buckets and objects in the folder that S3_STATE_DIR names.

LocalStack executes the scripts of start.d in its own process, before it listens. When a script fails it only logs that
and starts with an empty S3; so this one ends the process. The code is in the package persistent_s3, beside start.d.
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
    print("LocalStack ends: the package persistent_s3 beside start.d cannot be imported.", file=sys.stderr, flush=True)
    os._exit(1)  # an exception would be logged and forgotten

try:
    print(install(os.environ.get("S3_STATE_DIR", "")), flush=True)
except StateError as error:
    print(f"LocalStack ends, as its S3 would not keep what it is given: {error}", file=sys.stderr, flush=True)
    os._exit(1)
except BaseException:
    traceback.print_exc()
    print(
        f"LocalStack {VERSION} ends: its S3 could not be made to keep its objects in "
        f"S3_STATE_DIR={os.environ.get('S3_STATE_DIR')} (see the traceback above).",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
