"""The web app's files; any page they do not hold is the web app's to route."""

from __future__ import annotations

from pathlib import Path

import tornado.web

from domain.errors import NotFoundError
from handlers.base import ApiHandler
from handlers.edge import EdgeHandler

NOT_BUILT = "The web app is not built yet: run `make run`, or `npm run build` in frontend/."
FOREVER = "public, max-age=31536000, immutable"


class WebAppHandler(EdgeHandler, tornado.web.StaticFileHandler):
    """Serves `frontend/dist`; unknown paths get `index.html`."""

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        try:
            return super().validate_absolute_path(root, absolute_path)
        except ValueError:  # a null byte
            raise NotFoundError("There is no such page.") from None
        except tornado.web.HTTPError as error:
            if error.status_code != 404 or self.path.startswith("assets/"):
                raise
            index = str(Path(root) / "index.html")
            return super().validate_absolute_path(root, index)

    def set_extra_headers(self, path: str) -> None:
        # the build puts a hash of the content into each name below assets/
        self.set_header(
            "Cache-Control", FOREVER if path.startswith("assets/") else "no-cache"
        )


class NotBuiltHandler(ApiHandler):
    """Stands in until the web app is built, so that the API works without it."""

    def prepare(self) -> None:
        super().prepare()
        raise NotFoundError(NOT_BUILT)
