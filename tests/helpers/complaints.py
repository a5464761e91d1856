"""What went wrong in the pages of a browser, as their consoles tell."""

from playwright.async_api import ConsoleMessage, Page


class Complaints:
    """What the console of each page said in anger, and the dialogs that opened: both should stay empty."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: self.heard.append(f"dialog: {dialog.message}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.heard.append(f"{message.type}: {message.text}")

    def forgive(self, beginning: str) -> None:
        """Forget what a test brought about itself."""
        self.heard = [one for one in self.heard if not one.startswith(f"error: {beginning}")]
