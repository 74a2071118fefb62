"""A newcomer makes a source in the browser: the form, its texts, the plan, a sync, the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from .newcomer import ANSWER

NAME, FILE = "refunds", "refunds.csv"
KEY = f"{NAME}/{FILE}"
CONTENT = "refund_id,order_id,reason\n1,99,broken\n2,98,late\n3,98,lost\n"
RUNS = 60_000
"""Milliseconds: a connector starts, checks and reads the file; a sync."""


@dataclass
class Texts:
    """The texts to copy from the page: the block for connections.yaml, and the files by their paths in the checkout."""

    block: str
    files: dict[str, str] = field(default_factory=dict)

    def put(self, checkout: Path) -> None:
        """Put the texts where the page says, as a user does who copies them."""
        file = checkout / "connections.yaml"
        file.write_text(file.read_text().rstrip("\n") + "\n\n" + self.block)
        for name, content in self.files.items():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_text(content)


def upload(page: Page, console: str, folder: Path) -> None:
    """Upload the new file."""
    (folder / FILE).write_text(CONTENT)
    page.goto(f"{console}/files?folder={NAME}")
    page.locator(".uploader input[type=file]").set_input_files(folder / FILE)
    expect(page.locator(".table").get_by_text(FILE, exact=True)).to_be_visible(timeout=ANSWER)


def make_source(page: Page, console: str, settings: dict[str, str]) -> Texts:
    """Fill in the form of the S3 connector, let it check and discover, and return the texts of the page."""
    page.goto(f"{console}/connections")
    page.get_by_role("button", name="New source").click()
    page.get_by_role("link", name="source-s3").click()
    name, stream = (page.get_by_label("Name", exact=True).nth(at) for at in (0, 1))
    name.fill(NAME)
    for key, label in (
        ("AWS_ACCESS_KEY_ID", "AWS Access Key ID"),
        ("AWS_SECRET_ACCESS_KEY", "AWS Secret Access Key"),
    ):
        page.get_by_label(f"{label}: the value for the check").fill(settings[key])
        page.get_by_label(f"{label}: the reference in connections.yaml").fill(f"${{{key}}}")
    page.get_by_label("Bucket", exact=True).fill(settings["S3_BUCKET"])
    stream.fill(NAME)
    _choose(page, page.get_by_label("Format", exact=True), "CSV Format")
    optional = page.get_by_role("button", name="Optional fields")
    for at in range(optional.count()):
        optional.nth(at).click()
    globs = page.get_by_label("Globs", exact=True).first
    globs.fill(f"{NAME}/*.csv")
    page.get_by_label("Endpoint", exact=True).fill(settings["AWS_ENDPOINT_URL_S3"])
    page.get_by_label("AWS Region", exact=True).fill("us-east-1")
    page.get_by_role("button", name="Check and discover").click()
    expect(page.get_by_text("The check succeeded: 1 stream.")).to_be_visible(timeout=RUNS)
    cards = page.locator(".card", has=page.locator(".copied pre"))
    texts = {card.locator("h2").inner_text(): card.locator("pre").inner_text() for card in cards.all()}
    block = texts.pop("Block for connections.yaml")
    assert settings["AWS_SECRET_ACCESS_KEY"] not in block
    return Texts(block, texts)


def see_the_plan(page: Page, console: str) -> None:
    """See the new source and connection on the page Changes."""
    page.goto(f"{console}/changes")
    for kind in ("source", "connection"):
        card = page.locator(".card", has_text=f"The {kind} is created").filter(has_text=NAME)
        expect(card).to_be_visible(timeout=ANSWER)


def sync(page: Page, console: str) -> None:
    """Start the new connection's sync, and wait until it has ended."""
    page.goto(f"{console}/connections")
    page.get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("button", name="Sync now").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Sync now").click()
    expect(page.locator("main .about .chip")).to_have_text("synced", timeout=RUNS)


def see_the_rows(page: Page) -> None:
    """Follow the link to the table, and see the rows of the file."""
    page.get_by_role("link", name=f".{NAME}").click()
    page.get_by_role("tab", name="Rows").click()
    expect(page.get_by_role("cell", name="broken")).to_be_visible(timeout=ANSWER)


def _choose(page: Page, select: Locator, option: str) -> None:
    select.click()
    page.get_by_role("option", name=option, exact=True).click()
