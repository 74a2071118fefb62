"""Files: the bucket's folders and objects, upload, download, delete, preview, and who reads a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote

from nicegui import events, ui

from console.clients.calls import ServiceError
from console.logic import files, previews, sizes
from console.logic.files import Folder, Object, Reader
from console.logic.previews import Preview
from console.pages.home import questions
from console.pages.transfers import DOWNLOAD, UPLOAD
from console.parts import pieces, table
from console.parts.frame import Page, Visit
from console.parts.loading import loaded

LOOK_SECONDS = 5.0
UNNAMED = "(empty name)"


@dataclass(frozen=True)
class Content:
    """A folder, the streams that read from the bucket, and when each landing table was last loaded."""

    folder: Folder
    readers: list[Reader]
    loaded: dict[tuple[str, ...], datetime | None]
    problem: str = ""
    """Why readers or times are missing."""


def show(visit: Visit) -> None:
    """Build the page: a folder, or one file of it."""
    folder, file = visit.parameters.get("folder", ""), visit.parameters.get("file", "")
    page = visit.parameters.get("page", "")
    with pieces.heading("Files", f"What is in the bucket {visit.platform.s3.bucket}"):
        upload = pieces.button("Upload", lambda: None, "o_upload")
    _way(folder, file)
    if file:
        _file(visit, file)
    with pieces.card():
        listing = loaded(lambda: content(visit, folder, page), lambda found: _rows(found, visit), every=LOOK_SECONDS)
    uploader = _uploader(visit, folder, listing.refresh)
    # In the browser: it opens the dialog for files only while it handles the click.
    upload.on("click", js_handler=f"() => getElement({uploader.id}).pickFiles()")


async def content(visit: Visit, folder: str, page: str) -> Content:
    """Return what the page shows of a folder. Raises ServiceError if S3 does not answer."""
    asked = files.folder(visit.platform.s3, folder, page)
    found, parts, readers = await asyncio.gather(
        asked, questions(visit).parts(), _readers(visit), return_exceptions=True
    )
    if isinstance(found, BaseException):
        raise found
    problems = [str(item) for item in (parts, readers) if isinstance(item, ServiceError)]
    for item in (parts, readers):
        if isinstance(item, BaseException) and not isinstance(item, ServiceError):
            raise item
    times = {part.key: part.loaded for part in parts} if isinstance(parts, list) else {}
    return Content(found, readers if isinstance(readers, list) else [], times, " ".join(problems))


async def _readers(visit: Visit) -> list[Reader]:
    settings = visit.platform.settings
    return await asyncio.to_thread(files.readers, settings.connections_file, settings.bucket)


def _way(folder: str, file: str) -> None:
    """Show the folders on the way."""
    with ui.element("nav").classes("way").props('aria-label="Folder"'):
        pieces.link("bucket", "/files")
        for name, path in files.parents(folder):
            pieces.text("/").classes("muted")
            pieces.link(name or UNNAMED, f"/files?folder={quote(path)}")
        if file:
            pieces.text("/").classes("muted")
            pieces.text(file.rpartition("/")[2]).classes("break")


def _rows(found: Content, visit: Visit) -> None:
    if found.problem:
        pieces.text(found.problem).classes("muted break")
    if not found.folder.folders and not found.folder.objects:
        pieces.empty("No files here", "Drop files into the box below, or use the button Upload.", "o_folder_open")
        return
    rows: list[list[table.Cell]] = [
        [partial(_folder_link, found.folder.prefix, name), "", "", "", ""] for name in found.folder.folders
    ]
    for item in found.folder.objects:
        readers = files.readers_of(item.key, found.readers)
        rows.append(
            [
                partial(_file_link, found.folder.prefix, item),
                sizes.size(item.size),
                partial(pieces.when, item.changed, visit.zone),
                ", ".join(reader.connection for reader in readers) or "none",
                partial(_last_load, item, readers, found, visit),
            ]
        )
    table.show(["Name", "Size", "Changed", "Read by connection", "Last loaded"], rows, numbers=[1])
    if found.folder.next_page:
        where = f"/files?folder={quote(found.folder.prefix)}&page={quote(found.folder.next_page)}"
        pieces.link(f"The next {files.MOST} files", where)


def _folder_link(prefix: str, name: str) -> None:
    with ui.element("div").classes("line-inline one-line"):
        ui.icon("o_folder").classes("muted").props('aria-hidden="true"')
        pieces.link(name or UNNAMED, f"/files?folder={quote(f'{prefix}{name}/')}")


def _file_link(prefix: str, item: Object) -> None:
    with ui.element("div").classes("line-inline one-line"):
        ui.icon("o_description").classes("muted").props('aria-hidden="true"')
        pieces.link(item.name, f"/files?folder={quote(prefix)}&file={quote(item.key)}")


def _last_load(item: Object, readers: list[Reader], found: Content, visit: Visit) -> None:
    """Show when the newest landing table of a file was loaded; a file that changed since then waits."""
    if not readers:
        pieces.text("no connection reads it").classes("muted")
        return
    last = max((at for reader in readers if (at := found.loaded.get(reader.asset))), default=None)
    with ui.element("div").classes("line-inline"):
        if last:
            pieces.when(last, visit.zone)
        if last is None or item.changed > last:
            pieces.chip("pending", "not loaded yet")


def _file(visit: Visit, key: str) -> None:
    """Show one file: its actions and its first rows."""
    s3 = visit.platform.s3

    async def look() -> tuple[Object, Preview | str] | None:
        found = await files.find(s3, key)
        return (found, await previews.preview(s3, key, found.size)) if found else None

    async def remove() -> None:
        consequence = (
            f"{key} is deleted from the bucket. It cannot be brought back. The tables that were loaded from it keep "
            "their rows until the next sync."
        )
        if not await pieces.confirm("Delete this file?", consequence, "Delete", danger=True):
            return
        try:
            await files.delete(s3, key)
        except ServiceError as problem:
            pieces.failed(problem)
            return
        ui.navigate.to(f"/files?folder={quote(files.folder_of(key))}")

    def result(found: tuple[Object, Preview | str] | None) -> None:
        if found is None:
            pieces.empty("This file does not exist", f"The bucket has no object {key}.", "o_search_off")
            return
        item, rows = found
        with pieces.row():
            pieces.mono(item.key).classes("strong break grow")
            pieces.text(sizes.size(item.size)).classes("muted nowrap")
            pieces.when(item.changed, visit.zone).classes("muted")
            pieces.link_button("Download", f"{DOWNLOAD}?key={quote(key, safe='')}", "o_download", new_tab=False)
            pieces.quiet_button("Delete", remove, "o_delete")
        if isinstance(rows, str):
            pieces.text(rows).classes("muted")
            return
        table.show(rows.columns, rows.rows)
        if rows.note:
            pieces.text(rows.note, "p").classes("muted note")

    with pieces.card() as box:
        box.classes("preview")
        loaded(look, result)


def _uploader(visit: Visit, folder: str, refresh: Callable[[], Awaitable[None]]) -> ui.element:
    """Add the place for uploads. Quasar's uploader sends each file as the body of one request, with its progress."""
    s3 = visit.platform.s3

    async def added(event: events.GenericEventArguments) -> None:
        names = [str(name) for name in event.args]
        try:
            present = [name for name in names if await files.find(s3, files.prefix(folder) + name)]
        except ServiceError as problem:
            pieces.failed(problem)
            uploader.run_method("removeQueuedFiles")
            return
        if present:
            consequence = f"{', '.join(present)}: the content in the bucket is overwritten by your file."
            if not await pieces.confirm("Replace what is there?", consequence, "Replace", danger=True):
                uploader.run_method("removeQueuedFiles")
                return
        uploader.props[":url"] = upload_address(folder, present)
        uploader.update()
        uploader.run_method("upload")

    async def uploaded(event: events.GenericEventArguments) -> None:
        names = ", ".join(map(str, event.args))
        pieces.told(f"Uploaded: {names}")
        uploader.run_method("removeUploadedFiles")
        await refresh()

    def failed(event: events.GenericEventArguments) -> None:
        pieces.told(f"The upload failed. {event.args}", bad=True)

    def rejected(event: events.GenericEventArguments) -> None:
        names = ", ".join(map(str, event.args))
        pieces.told(f"Not uploaded: {names}. The file is in the list already, or it is not a file.", bad=True)

    with ui.element("section").classes("card upload-card"):
        uploader = ui.element("q-uploader").classes("uploader")
        uploader.props('method="PUT" send-raw multiple flat label="Drop files here, or use the button Upload"')
        uploader.props[":url"] = upload_address(folder, [])
        uploader.props[":headers"] = '[{name: "content-type", value: "application/octet-stream"}]'
        uploader.on("added", added, js_handler="(files) => emit(files.map((file) => file.name))")
        uploader.on("uploaded", uploaded, js_handler="(info) => emit(info.files.map((file) => file.name))")
        # The uploader queues a failed file again: the next upload would send it too, so it is taken out.
        taken_out = f"info.files.forEach((file) => getElement({uploader.id}).removeFile(file))"
        answer = "emit(info.xhr ? info.xhr.responseText : '')"
        uploader.on("failed", failed, js_handler=f"(info) => {{ {taken_out}; {answer} }}")
        uploader.on("rejected", rejected, js_handler="(found) => emit(found.map((one) => one.file.name))")
    return uploader


def upload_address(folder: str, agreed: list[str]) -> str:
    """Return the JavaScript function that gives a file's address. Only files whose names are agreed replace others."""
    start = json.dumps(f"{UPLOAD}?folder={quote(folder, safe='')}&replace=")
    names = json.dumps(agreed)
    return (
        f"files => {start} + ({names}.includes(files[0].name) ? 1 : 0) + '&name=' + encodeURIComponent(files[0].name)"
    )


PAGE = Page("/files", "Files", show, icon="o_folder")
