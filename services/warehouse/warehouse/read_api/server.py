"""The gRPC server of the Storage Read API. It imports gRPC and Arrow, so it is imported with the first connection."""

import concurrent.futures
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from google.cloud.bigquery_storage_v1 import types
from local_bigquery.grpc.server import _streaming, _unary

from warehouse.read_api import sessions

SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead"
THREADS = 16


def serve(certificates: Path) -> tuple[grpc.Server, int, int]:
    """Start the server on two free ports of 127.0.0.1; return it, the port without TLS and the port with TLS.

    The Storage Write API is not served: a call of it fails with UNIMPLEMENTED.
    """
    handlers = {
        "CreateReadSession": _unary(sessions.create, types.CreateReadSessionRequest, types.ReadSession),
        "ReadRows": _streaming(sessions.rows, types.ReadRowsRequest, types.ReadRowsResponse),
        "SplitReadStream": _unary(sessions.split, types.SplitReadStreamRequest, types.SplitReadStreamResponse),
    }
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(THREADS, "storage-api"))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    key, chain = (certificates.joinpath(name).read_bytes() for name in ("server.key", "server.pem"))
    plain = server.add_insecure_port("127.0.0.1:0")
    tls = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)]))
    server.start()
    return server, plain, tls
