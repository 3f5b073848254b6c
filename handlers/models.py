"""Models: what a provider offers, as its owner registered it."""

from __future__ import annotations

import msgspec

from domain.wire.providers import Model, ModelPage, ModelPatch, NewModel
from handlers.base import ApiHandler
from handlers.operations import PAGE, operation
from handlers.pages import cut, given
from storage import models


class ProviderModelsHandler(ApiHandler):
    """`/api/providers/{id}/models`."""

    @operation(
        "Register a model", body=NewModel, answer=Model, status=201, errors=(404, 409, 422)
    )
    async def post(self, provider_id: str, body: NewModel) -> Model:
        columns = msgspec.structs.asdict(body)
        columns["display_name"] = body.display_name or body.name
        return await self.services.tree.storage.write(
            models.insert, provider_id, owner_id=self.account.id, columns=columns
        )


class ModelsHandler(ApiHandler):
    """`/api/models`."""

    @operation("List the models of all providers", answer=ModelPage, query=PAGE)
    async def get(self) -> ModelPage:
        limit = self.page_limit()
        found = await self.services.tree.storage.read(
            models.page, self.account.id, limit=limit + 1, before_id=self.page_cursor()
        )
        shown, cursor = cut(found, limit)
        return ModelPage(items=shown, next_cursor=cursor)


class ModelHandler(ApiHandler):
    """`/api/models/{id}`."""

    @operation("Change a model", body=ModelPatch, answer=Model, errors=(404, 409, 422))
    async def patch(self, model_id: str, body: ModelPatch) -> Model:
        columns = given(body)
        return await self.services.tree.storage.write(
            models.update, model_id, owner_id=self.account.id, columns=columns
        )

    @operation("Delete a model; what was measured stays", status=204, errors=(404,))
    async def delete(self, model_id: str) -> None:
        await self.services.tree.storage.write(
            models.delete, model_id, owner_id=self.account.id
        )
