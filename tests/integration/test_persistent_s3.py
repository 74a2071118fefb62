"""LocalStack's S3 with the scripts of compose/localstack keeps every acknowledged write when it is killed.

These tests also fail when a release of LocalStack has moved the internals that the scripts use.
"""

import base64
import hashlib
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner
from tools.local.free_ports import free_ports
from tools.local.platform import LOCALSTACK_SCRIPTS, Platform, python
from tools.local.processes import Process, Supervisor
from tools.settings_table import PORTS

from .commands import Commands
from .processes import wait_until
from .s3_types import S3Client
from .test_connector_s3 import S3, WHOLE_SECOND, Result
from .warm_services import WarmSupervisor

MEGABYTE = 1_000_000
LARGE = b"0123456789abcdef" * (200 * MEGABYTE // 16)
STRANGE_KEY = "Ünïcode/😀 +%25?&=/../'\"\\ x"
FILLED = ("plain", "versioned", "made-twice")
ROUNDS = 2


@dataclass
class OwnS3:
    """An S3 of these tests' own, which they may kill."""

    platform: Platform
    services: Supervisor
    client: S3Client

    @property
    def process(self) -> Process:
        return self.services.processes["s3"]

    @property
    def folder(self) -> Path:
        return self.platform.directory / "s3/objects"

    def restart(self, number: int = signal.SIGKILL, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.process.signal(number)
        self.process.popen.wait(60)
        meanwhile()
        self.services.start(self.platform.s3()).wait()

    def snapshot(self) -> dict[str, Any]:
        """All answers of S3 about each version of each object that fill() made, with the checksum of its content."""
        found: dict[str, Any] = {}
        for bucket in self.client.list_buckets()["Buckets"]:
            if (name := bucket["Name"]) not in FILLED:
                continue
            listed = self.client.list_object_versions(Bucket=name, MaxKeys=5000)
            found[name] = bucket, listed.get("Versions"), listed.get("DeleteMarkers"), self.settings(name)
            with ThreadPoolExecutor(4) as pool:
                of_versions = pool.map(lambda item, name=name: self.version(name, item), listed.get("Versions", []))
                found |= {f"{name}/{item['Key']}?{item['VersionId']}": answer for item, answer in of_versions}
        return found

    def settings(self, bucket: str) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for what in ("bucket_tagging", "bucket_cors", "bucket_versioning", "bucket_lifecycle_configuration"):
            try:
                answers[what] = without_request(getattr(self.client, f"get_{what}")(Bucket=bucket))
            except ClientError as error:
                answers[what] = error.response["Error"]["Code"]
        return answers

    def version(self, bucket: str, item: Any) -> tuple[Any, Any]:
        if item["Key"].startswith("many/"):  # a thousand objects: their entries in the list are enough
            return item, None
        where = {"Bucket": bucket, "Key": item["Key"], "VersionId": item["VersionId"]}
        answer = self.client.get_object(**where, ChecksumMode="ENABLED")
        content = hashlib.sha256()
        for chunk in answer["Body"].iter_chunks(MEGABYTE):
            content.update(chunk)
        tags = self.client.get_object_tagging(**where)["TagSet"]
        head = {name: value for name, value in without_request(answer).items() if name != "Body"}
        return item, (head, content.hexdigest(), tags)


def without_request(answer: Any) -> dict[str, Any]:
    """An answer without the values that differ in each request."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def client_of(platform: Platform) -> S3Client:
    """A client without retries."""
    return boto3.client(
        "s3",
        endpoint_url=platform.url("s3"),
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )


def fill(client: S3Client) -> None:
    """Create objects in every way that S3 offers, and delete some of them."""
    client.create_bucket(Bucket="plain")
    # A thousand requests of boto3 take 2 CPU seconds more. LocalStack asks for no signature.
    with httpx.Client(base_url=client.meta.endpoint_url, timeout=60) as http, ThreadPoolExecutor(4) as pool:
        keys = [f"many/{number}" for number in range(1000)]
        answers = list(pool.map(lambda key: http.put(f"/plain/{key}", content=key.encode()), keys))
    assert {answer.status_code for answer in answers} == {200}
    client.put_object(Bucket="plain", Key="large", Body=LARGE)
    client.put_object(
        Bucket="plain",
        Key=STRANGE_KEY,
        Body=b"x",
        ContentType="text/csv",
        ContentEncoding="gzip",
        ContentDisposition="attachment",
        CacheControl="no-store",
        Metadata={"sha256": "abc"},
        Tagging="a=b&c=d",
        ChecksumAlgorithm="SHA256",
    )
    client.put_object(Bucket="plain", Key="empty", Body=b"")
    client.put_object(Bucket="plain", Key="gone", Body=b"x")
    client.delete_object(Bucket="plain", Key="gone")
    client.delete_objects(
        Bucket="plain", Delete={"Objects": [{"Key": f"many/{number}"} for number in range(900, 1000)]}
    )
    client.put_object(Bucket="plain", Key="retagged", Body=b"x", Tagging="old=tag")
    client.put_object_tagging(Bucket="plain", Key="retagged", Tagging={"TagSet": [{"Key": "new", "Value": "tag"}]})
    client.put_object(Bucket="plain", Key="copied onto itself", Body=b"x", Metadata={"old": "1"})
    client.copy_object(
        Bucket="plain",
        Key="copied onto itself",
        CopySource={"Bucket": "plain", "Key": "copied onto itself"},
        Metadata={"new": "2"},
        MetadataDirective="REPLACE",
    )
    client.put_bucket_tagging(Bucket="plain", Tagging={"TagSet": [{"Key": "t", "Value": "v"}]})
    rule: Any = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    client.put_bucket_cors(Bucket="plain", CORSConfiguration={"CORSRules": [rule]})
    client.create_bucket(Bucket="versioned")
    client.put_object(Bucket="versioned", Key="key", Body=b"before versions")
    client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    for content in (b"1", b"22"):
        client.put_object(Bucket="versioned", Key="key", Body=content)
    client.delete_object(Bucket="versioned", Key="key")
    client.copy_object(Bucket="versioned", Key="copy", CopySource={"Bucket": "plain", "Key": STRANGE_KEY})
    for _ in range(2):
        client.create_bucket(Bucket="made-twice")
        client.put_object(Bucket="made-twice", Key="key", Body=b"x")
        client.delete_object(Bucket="made-twice", Key="key")
        client.delete_bucket(Bucket="made-twice")
    client.create_bucket(Bucket="made-twice")


@pytest.fixture(scope="module")
def own(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnS3]:
    directory = tmp_path_factory.mktemp("own")
    platform = Platform(directory, free_ports(PORTS))
    platform.prepare()
    with WarmSupervisor(directory / "logs", commands=commands) as services:
        services.start(platform.s3()).wait()
        yield OwnS3(platform, services, client_of(platform))
        services.processes["s3"].signal(signal.SIGKILL)  # faster than a stop
    shutil.rmtree(directory / "s3")


@pytest.fixture(scope="module")
def filled(own: OwnS3, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Objects that were created in every way that S3 offers, and S3's answers about them."""
    fill(own.client)
    large = tmp_path_factory.mktemp("multipart") / "large"
    large.write_bytes(LARGE[: 20 * MEGABYTE])
    parts = TransferConfig(multipart_threshold=MEGABYTE, multipart_chunksize=8 * MEGABYTE)
    own.client.upload_file(str(large), "plain", "multipart", ExtraArgs={"Metadata": {"m": "1"}}, Config=parts)
    before = own.snapshot()
    assert len(before) == 3 + 900 + 6 + 4, "buckets; many; other objects of plain; versions"
    return before


@dataclass(frozen=True)
class Reading:
    """A stream, and the connector's messages about it."""

    source: S3
    configuration: dict[str, Any]
    stream: dict[str, Any]
    result: Result


@pytest.fixture(scope="module")
def read(own: OwnS3, runner: ConnectorRunner, connector: Connector) -> Reading:
    """A file that the connector has read before the kill."""
    own.client.create_bucket(Bucket="source")
    own.client.put_object(Bucket="source", Key="a.csv", Body=b"id\n" + b"1\n" * 99)
    source = S3(runner, connector, own.platform.url("s3"), "source")
    configuration = source.configuration("*.csv")
    (stream,) = runner.discover(source.connector, configuration)
    return Reading(source, configuration, stream, source.read(configuration, stream))


@pytest.fixture(scope="module")
def killed(own: OwnS3, read: Reading, filled: dict[str, Any]) -> dict[str, Any]:
    """S3, killed in an unfinished upload and right after an object was acknowledged, and started; the upload's part."""
    upload = own.client.create_multipart_upload(Bucket="plain", Key="unfinished")["UploadId"]
    part: dict[str, Any] = {"Bucket": "plain", "Key": "unfinished", "UploadId": upload}
    own.client.upload_part(**part, PartNumber=1, Body=b"x" * MEGABYTE)
    time.sleep(WHOLE_SECOND)  # a new time of modification would be another one
    own.client.put_object(Bucket="plain", Key="the last moment", Body=b"x")
    own.restart(signal.SIGKILL)
    return part


def test_all_that_was_acknowledged_is_there_after_a_kill(
    own: OwnS3, filled: dict[str, Any], killed: dict[str, Any]
) -> None:
    assert own.client.get_object(Bucket="plain", Key="the last moment")["Body"].read() == b"x"
    own.client.delete_object(Bucket="plain", Key="the last moment")
    assert own.snapshot() == filled
    with pytest.raises(ClientError, match="NoSuchUpload"):
        own.client.upload_part(**killed, PartNumber=2, Body=b"x")


@pytest.mark.usefixtures("killed")
def test_the_connector_reads_nothing_again_after_a_restart(own: OwnS3, read: Reading) -> None:
    """Its cursor is the time of modification; with a new one, an append would double every row."""
    source, configuration, stream, first = read.source, read.configuration, read.stream, read.result
    assert len(first.records) == 99
    again = source.read(configuration, stream, first.states[-1:])
    assert (again.records, again.failure, again.exit_code) == ([], None, 0)
    own.client.put_object(Bucket="source", Key="b.csv", Body=b"id\n2\n")
    assert source.read(configuration, stream, again.states[-1:]).records == [{"id": 2}]


def test_a_stop_loses_nothing_and_what_a_power_failure_leaves_is_cleaned_and_told(
    own: OwnS3, filled: dict[str, Any]
) -> None:
    own.client.create_bucket(Bucket="leftovers")
    kept = set((own.folder / "contents").iterdir())
    own.client.put_object(Bucket="leftovers", Key="torn", Body=b"whole")
    [torn] = set((own.folder / "contents").iterdir()) - kept
    stray = own.folder / "contents/ffff"

    def power_failure() -> None:
        torn.write_bytes(b"who")
        stray.write_bytes(b"of a write that nobody got an answer to")

    own.restart(signal.SIGTERM, power_failure)
    assert not stray.exists()
    assert not torn.exists()
    assert "Contents" not in own.client.list_objects_v2(Bucket="leftovers"), "rather absent than cut off"
    assert "s3://leftovers/torn is lost" in own.process.tail(60)
    assert own.snapshot() == filled


def test_kills_at_random_moments_lose_nothing_and_tear_nothing(own: OwnS3) -> None:
    """Each writer has its own keys; after the kill, a key has the last acknowledged or the last sent content."""
    own.client.create_bucket(Bucket="random")
    acknowledged: dict[str, bytes | None] = {}
    seed = random.randrange(1 << 32)  # noqa: S311
    checks = 0
    for number in range(ROUNDS):
        on_the_way: dict[str, bytes | None] = {}
        stop = threading.Event()

        def write(writer: int, chance: random.Random, on_the_way: Any = on_the_way, stop: Any = stop) -> None:
            client = client_of(own.platform)
            while not stop.is_set():
                key = f"{writer}/{chance.randrange(20)}"
                content = None if chance.random() < 0.2 else chance.randbytes(chance.choice([10, 2000, 700_000]))
                on_the_way[key] = content
                try:
                    if content is None:
                        client.delete_object(Bucket="random", Key=key)
                    else:
                        client.put_object(Bucket="random", Key=key, Body=content)
                except (BotoCoreError, ClientError):
                    return
                acknowledged[key] = content
                del on_the_way[key]

        chance = random.Random(seed + number)  # noqa: S311
        seeds = [random.Random(chance.random()) for _ in range(3)]  # noqa: S311
        writers = [threading.Thread(target=write, args=arguments) for arguments in enumerate(seeds)]
        for thread in writers:
            thread.start()
        time.sleep(chance.uniform(0.3, 0.8))

        def wait(stop: threading.Event = stop, writers: list[threading.Thread] = writers) -> None:
            stop.set()
            for thread in writers:
                thread.join()

        own.restart(meanwhile=wait)
        for key in acknowledged.keys() | on_the_way.keys():
            try:
                found: bytes | None = own.client.get_object(Bucket="random", Key=key)["Body"].read()
            except own.client.exceptions.NoSuchKey:
                found = None
            possible = [acknowledged.get(key), *([on_the_way[key]] if key in on_the_way else [])]
            assert found in possible, f"seed {seed}, round {number}, {key}"
            acknowledged[key] = found
            checks += 1
    assert checks > 20 * ROUNDS


def test_two_platforms_share_nothing(own: OwnS3, s3_client: S3Client) -> None:
    """The second platform is the one that the other tests use."""
    for client in (own.client, s3_client):
        client.create_bucket(Bucket="shared-name")
    s3_client.delete_bucket(Bucket="shared-name")
    own.client.put_object(Bucket="shared-name", Key="key", Body=b"x" * MEGABYTE)
    assert own.client.get_object(Bucket="shared-name", Key="key")["Body"].read() == b"x" * MEGABYTE
    # Also if a file /.dockerenv exists: LocalStack then believes that it runs in its image, with fixed folders.
    assert (own.platform.directory / "s3/var/lib/localstack").is_dir()


def test_localstack_listens_on_its_own_address_only(own: OwnS3) -> None:
    """Its server ignores the address, and listens on every address of the machine."""
    port = own.platform.ports["s3"]
    with (
        pytest.raises((ConnectionRefusedError, TimeoutError)),
        socket.create_connection(("127.0.0.2", port), timeout=5),
    ):
        pass


def test_the_index_of_specifications_is_that_of_the_installation(own: OwnS3) -> None:
    """If LocalStack finds no index, it makes one in its cache, which takes two thirds of its start."""
    assert list((own.platform.directory / "s3/usr/lib/localstack").glob("service-catalog-*"))
    assert list((own.platform.directory / "s3/var/lib/localstack/cache").glob("service-catalog-*")) == []


@pytest.fixture
def kept(own: OwnS3) -> Iterator[str]:
    """The key of an object in the bucket "kept" that a failing change must leave as it is."""
    own.client.create_bucket(Bucket="kept")
    own.client.put_object(Bucket="kept", Key="key", Body=b"old", Metadata={"m": "old"})
    before = own.version("kept", {"Key": "key", "VersionId": "null"})
    yield "key"
    assert own.version("kept", {"Key": "key", "VersionId": "null"}) == before
    own.client.delete_object(Bucket="kept", Key="key")
    own.client.delete_bucket(Bucket="kept")


def test_an_overwrite_that_fails_its_checksum_leaves_the_old_object(own: OwnS3, kept: str) -> None:
    other = base64.b64encode(hashlib.md5(b"other").digest()).decode()  # noqa: S324
    with pytest.raises(ClientError, match="BadDigest"):
        own.client.put_object(Bucket="kept", Key=kept, Body=b"new", ContentMD5=other)


@pytest.mark.parametrize(
    ("limit", "content"), [(1000, b"x" * 50_000), (100, b"small")], ids=["the content", "the catalogue"]
)
def test_a_full_disk_is_told_and_leaves_the_old_object(own: OwnS3, kept: str, limit: int, content: bytes) -> None:
    """A limit for the size of files makes writes of the content or of the database fail, as on a full disk."""
    process = own.process.popen.pid
    before = resource.prlimit(process, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        with pytest.raises(ClientError) as raised:
            own.client.put_object(Bucket="kept", Key=kept, Body=content, Metadata={"m": "new"})
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        with pytest.raises(ClientError):
            own.client.put_object(Bucket="kept", Key="never", Body=content)
        with pytest.raises(ClientError):
            own.client.delete_object(Bucket="kept", Key=kept)
        with pytest.raises(ClientError):
            own.client.create_bucket(Bucket="never")
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)
    assert [item["Key"] for item in own.client.list_objects_v2(Bucket="kept")["Contents"]] == [kept]
    assert "never" not in {bucket["Name"] for bucket in own.client.list_buckets()["Buckets"]}


def test_a_reader_gets_the_object_that_it_began_to_read(own: OwnS3) -> None:
    own.client.create_bucket(Bucket="reading")
    own.client.put_object(Bucket="reading", Key="key", Body=LARGE[: 50 * MEGABYTE])
    body = own.client.get_object(Bucket="reading", Key="key")["Body"]
    first = body.read(10)
    own.client.put_object(Bucket="reading", Key="key", Body=b"new")
    own.client.delete_object(Bucket="reading", Key="key")
    assert first + body.read() == LARGE[: 50 * MEGABYTE]


def test_a_slow_reader_does_not_fill_the_memory(own: OwnS3) -> None:
    content = LARGE[: 60 * MEGABYTE]
    own.client.create_bucket(Bucket="slow")
    own.client.put_object(Bucket="slow", Key="key", Body=content)
    server = psutil.Process(own.process.popen.pid)
    before = server.memory_info().rss
    slow = own.client.get_object(Bucket="slow", Key="key")["Body"]
    first = slow.read(10)
    for _ in range(2):  # meanwhile, others read all of it
        assert own.client.get_object(Bucket="slow", Key="key")["Body"].read() == content
        assert server.memory_info().rss - before < 20 * MEGABYTE
    assert first + slow.read() == content
    left = own.client.get_object(Bucket="slow", Key="key")["Body"]
    left.read(10)
    left.close()
    stopped = own.client.get_object(Bucket="slow", Key="key")["Body"]
    stopped.read(10)
    own.restart(signal.SIGTERM)
    assert "still alive" not in own.process.log.read_text(), "the stop waited for the thread of a slow reader"
    own.client.delete_object(Bucket="slow", Key="key")


def test_no_file_is_left_that_no_object_has(own: OwnS3) -> None:
    """Runs after the tests above. Overwritten, deleted and refused contents are removed a little later."""
    pages = [own.client.list_object_versions(Bucket=bucket["Name"]) for bucket in own.client.list_buckets()["Buckets"]]
    objects = sum(len(page.get("Versions", [])) for page in pages)
    contents = own.folder / "contents"
    wait_until(lambda: len(list(contents.iterdir())) == objects, 30, f"one file for each of {objects} objects", 0.2)


def run_script(platform: Platform, commands: Commands, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Execute the start script as LocalStack does it, in a process of its own."""
    script = platform.directory / "s3/etc/localstack/init/start.d/keep_objects.py"
    environment = os.environ | platform.s3().environment | variables
    program = f"exec(open({str(script)!r}, 'rb').read(), {{}})"  # then exit code 0
    return commands.run("localstack", [python("localstack"), "-c", program], environment)


def test_a_failure_ends_localstack_and_says_why(own: OwnS3, commands: Commands, tmp_path: Path) -> None:
    """Otherwise LocalStack would go on with an empty S3 and report it as healthy."""
    (tmp_path / "open").mkdir(mode=0o700)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "damaged").mkdir(mode=0o700)
    (tmp_path / "damaged/catalogue.sqlite").write_bytes(b"not a database" * 1000)
    scripts = shutil.copytree(LOCALSTACK_SCRIPTS, tmp_path / "init")
    (scripts / "persistent_s3/install.py").write_text("import no_such_module")
    incomplete = Platform(tmp_path / "platform", own.platform.ports)
    (tmp_path / "platform/s3/etc/localstack").mkdir(parents=True)
    (tmp_path / "platform/s3/etc/localstack/init").symlink_to(scripts)
    broken = {
        "another LocalStack uses": run_script(own.platform, commands),
        "has mode 777": run_script(own.platform, commands, S3_STATE_DIR=str(tmp_path / "open")),
        "file is not a database": run_script(own.platform, commands, S3_STATE_DIR=str(tmp_path / "damaged")),
        "S3_STATE_DIR is not set": run_script(own.platform, commands, S3_STATE_DIR=""),
        "cannot import the package persistent_s3": run_script(incomplete, commands, S3_STATE_DIR=str(tmp_path / "new")),
    }
    said = {sentence: process.stdout + process.stderr for sentence, process in broken.items()}
    assert {process.returncode for process in broken.values()} == {1}, said
    for sentence, text in said.items():
        assert sentence in text
        assert "LocalStack ends" in text.splitlines()[-1] or "LocalStack 4" in text.splitlines()[-1]
