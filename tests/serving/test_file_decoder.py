"""Hostile files: what they cost is bounded, and files that are slow to decode delay no others."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.serving.file_decoder import FileDecoder
from inkdigits.serving.settings import ServerLimits
from tests.images.bombs import BOMBS, COMPRESSED, slow_pdf
from tests.serving.process_memory import tree_memory, watched_memory
from tests.serving.server import HEAD, Answer, Served, open_connection, png, serving

MIB = 2**20


@pytest.fixture(scope="module")
def attacked() -> Iterator[Served]:
    with serving("--quiet") as server:
        yield server


def _sent(server: Served, content: bytes, encoding: str = "identity") -> Answer:
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": encoding}
    return server.ask("POST", "/v1/read", content, headers)


def _worst_case() -> int:
    """Bytes above a worker's own that its decoding processes, bodies, and one page with its copies may take."""
    limits = ServerLimits()
    decoders = limits.quick_files * limits.quick_decoding.memory + limits.slow_files * limits.slow_decoding.memory
    return decoders + limits.bodies + 600 * MIB


# One of each format, and those that take the most memory and time.
FEW = {
    *{name.partition(":")[0]: name for name in BOMBS}.values(),
    *("pdf: forms in forms", "pdf: 150 million times q", "png: 88 megapixels of 16-bit RGBA"),
    *("tiff: 88 megapixels deflated", "gif: a million frames"),
}


@pytest.mark.parametrize("names", [pytest.param(FEW, id="few"), pytest.param(BOMBS, id="all", marks=pytest.mark.slow)])
def test_bombs_are_answered_within_the_limits_on_memory(
    attacked: Served, digits: LabelledDigits, names: Collection[str]
) -> None:
    assert len(BOMBS) + len(COMPRESSED) >= 40
    before = tree_memory(attacked.process.pid)
    with watched_memory(attacked.process.pid) as peak, ThreadPoolExecutor(4) as pool:
        answers = {name: pool.submit(lambda make=BOMBS[name]: _sent(attacked, make())) for name in names}
        for name, (encoding, make) in COMPRESSED.items():
            answers[name] = pool.submit(lambda make=make, encoding=encoding: _sent(attacked, make(), encoding))
        statuses = {name: answer.result().status for name, answer in answers.items()}
    # On a slow machine the time ends before the limits on memory and processor time are reached.
    assert {name: status for name, status in statuses.items() if status not in (200, 413, 503)} == {}
    assert peak.most - before < _worst_case()
    assert attacked.reading(png(digits.images[0]))["string"] == "7"
    assert [line["event"] for line in attacked.lines()] == []
    # What is left: three idle processes, none of which has held much.
    assert tree_memory(attacked.process.pid) - before < 3 * 250 * MIB


def _photo_and_scan() -> tuple[bytes, bytes]:
    """A JPEG file of 12 megapixels, and a PDF file of two pages, both blank."""
    photo, scan = io.BytesIO(), io.BytesIO()
    Image.fromarray(np.full((3000, 4000), 220, np.uint8)).save(photo, "JPEG")
    Image.new("L", (300, 200), 255).save(scan, "PDF", save_all=True, append_images=[Image.new("L", (300, 200), 255)])
    return photo.getvalue(), scan.getvalue()


def test_slow_files_are_still_waiting_when_others_are_decoded() -> None:
    """However slow the machine is: what counts is who ends first, so the limit on time is out of reach."""
    decoder = FileDecoder(replace(ServerLimits(), answer_seconds=600.0))

    async def count_pages(content: bytes) -> int:
        async with aclosing(decoder.pages(content, "file")) as pages:
            return len([page async for page in pages])

    async def decode_all() -> tuple[list[int], int]:
        slow = [asyncio.create_task(count_pages(slow_pdf())) for _ in range(4)]
        await asyncio.sleep(0)  # they are first
        honest = await asyncio.gather(*map(count_pages, _photo_and_scan() * 2))
        waiting = sum(not one.done() for one in slow)
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return honest, waiting

    honest, waiting = asyncio.run(decode_all())
    decoder.close()
    assert honest == [1, 2, 1, 2]
    assert waiting >= 2


def test_files_that_are_slow_to_decode_do_not_delay_others(attacked: Served) -> None:
    photo, scan = _photo_and_scan()
    slow = slow_pdf()
    with ExitStack() as open_ones:
        attack = HEAD + b"%d\r\n\r\n" % len(slow) + slow
        # As many as there are places. Each keeps one for some seconds, which are many on a busy machine, and whoever
        # waits for over 30 s is refused.
        for _ in range(2):
            open_ones.enter_context(open_connection(attacked, attack))
        with ThreadPoolExecutor(2) as pool:
            honest = list(pool.map(lambda one: _sent(attacked, one), (photo, scan)))
        assert {answer.json["readings"][0]["outcome"] for answer in honest} == {"blank"}
    # Those that disconnect keep no place.
    assert _sent(attacked, scan).status == 200


def test_the_containers_memory_is_above_what_requests_may_cost() -> None:
    compose = yaml.safe_load((Path(__file__).parents[2] / "containers" / "compose.yaml").read_text())
    service = compose["services"]["inkdigits"]
    workers = int(service["command"][service["command"].index("--workers") + 1])
    assert service["mem_limit"].endswith("g")
    own = 250 * MIB  # a worker's models and libraries
    assert workers * (_worst_case() + own) < int(service["mem_limit"][:-1]) * 2**30
