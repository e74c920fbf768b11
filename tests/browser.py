"""Debian's chromium without a window, as a person would use it: for pages on loopback and files."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.webelement import WebElement

from lab.preview.pictures import FLAGS
from tests.waiting import until

SECONDS = 60.0


def program(name: str) -> str:
    """A program on PATH; without it the tests fail, they are not skipped."""
    found = shutil.which(name)
    assert found, f"{name} is not on PATH: apt-get install chromium chromium-driver"
    return found


@contextmanager
def browser() -> Iterator[Chrome]:
    """A browser that has visited nothing and ends with the block."""
    with TemporaryDirectory() as profile:
        options = ChromeOptions()
        options.binary_location = program("chromium")
        for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1366,900"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = Chrome(options, Service(program("chromedriver")))
        try:
            driver.set_page_load_timeout(SECONDS)
            yield driver
        finally:
            driver.quit()


def complaints(driver: Chrome) -> list[str]:
    """What the browser's console has said since it was last asked: errors, refused content."""
    logged = driver.execute(Command.GET_LOG, {"type": "browser"})["value"]
    return [each["message"] for each in logged]


def shown(driver: Chrome, selector: str) -> WebElement:
    """The first element that the CSS selector finds, once there is one."""
    return until(
        lambda: next(iter(driver.find_elements(By.CSS_SELECTOR, selector)), None),
        seconds=SECONDS,
        what=selector,
    )


def texts(driver: Chrome, selector: str) -> list[str]:
    """The texts of all elements that the CSS selector finds now, read at once."""
    script = "return [...document.querySelectorAll(arguments[0])].map((x) => x.textContent)"
    return list(driver.execute_script(script, selector))


def hovered(driver: Chrome, element: WebElement) -> list[str]:
    """The texts that a chart shows beside the pointer, near the end of its time."""
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    right = round(element.rect["width"] * 0.45)
    ActionChains(driver).move_to_element_with_offset(element, right, 0).perform()
    shown(driver, ".hoverlayer text")
    return texts(driver, ".hoverlayer text")
