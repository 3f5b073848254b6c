"""Providers and their models."""

import pytest

from domain.errors import ConflictError, NotFoundError
from storage import models, providers
from storage.database import Store
from storage.tables import ModelRow, ProviderRow
from tests.storage.made import AT_MS, a_provider, a_user, everything, write

PRESETS = [
    {"name": "sim-fast", "display_name": "Fast"},
    {"name": "sim-slow", "display_name": "Slow", "context_window": 8192},
]


@pytest.fixture
def ada(store: Store):
    return a_user(store)


def a_model(store: Store, ada, provider, name: str = "m1", **fields):
    columns = {"name": name, "display_name": name} | fields
    return write(store, models.insert, provider.id, owner_id=ada.id, columns=columns)


def test_a_provider_comes_back_as_it_was_stored(store: Store, ada):
    stored = a_provider(store, ada, max_concurrency=4, enabled=False, name="Åcme")

    assert providers.get(stored.id, owner_id=ada.id) == stored
    assert (stored.name, stored.max_concurrency, stored.enabled) == ("Åcme", 4, False)
    assert (stored.key_cipher, stored.headers_cipher) == (None, None)


def test_only_the_given_columns_of_one_provider_change(store: Store, ada):
    one, two = a_provider(store, ada), a_provider(store, ada)
    columns = {"name": "Other", "max_concurrency": None}

    changed = write(store, providers.update, one.id, owner_id=ada.id, columns=columns)

    assert (changed.name, changed.base_url) == ("Other", one.base_url)
    assert providers.get(two.id, owner_id=ada.id) == two
    assert write(store, providers.update, one.id, owner_id=ada.id, columns={}) == changed


def test_a_deleted_provider_takes_its_models_along_and_no_others(store: Store, ada):
    one, two = a_provider(store, ada), a_provider(store, ada)
    a_model(store, ada, one)
    kept = a_model(store, ada, two)

    write(store, providers.delete, one.id, owner_id=ada.id)

    with pytest.raises(NotFoundError):
        providers.get(one.id, owner_id=ada.id)
    assert models.page(ada.id, limit=10, before_id=None) == [kept]


def test_pages_go_on_where_the_last_one_ended_newest_first(store: Store, ada):
    made = [a_provider(store, ada).id for _ in range(5)]
    seen, cursor = [], None
    while page := providers.page(ada.id, limit=2, before_id=cursor):
        seen += [provider.id for provider in page]
        cursor = seen[-1]

    assert seen == made[::-1]


def test_each_user_gets_one_simulator_with_its_models(store: Store, ada):
    bob = a_user(store, "bob@example.org")
    ids = [
        write(store, providers.ensure_simulator, user.id, PRESETS, AT_MS)
        for user in (ada, bob, ada)
    ]

    assert ids[0] == ids[2] != ids[1]
    assert ProviderRow.select().count() == 2
    (simulator,) = providers.page(ada.id, limit=9, before_id=None)
    assert (simulator.kind, simulator.base_url) == ("simulator", None)
    found = models.of_providers([simulator.id])[simulator.id]
    assert [(m.name, m.context_window) for m in found] == [
        ("sim-fast", None),
        ("sim-slow", 8192),
    ]


def test_a_model_comes_back_as_it_was_stored(store: Store, ada):
    provider = a_provider(store, ada)
    model = a_model(
        store,
        ada,
        provider,
        context_window=128_000,
        input_usd_per_mtok=0.25,
        unsupported_params=["temperature", "top_k"],
    )

    assert models.of_providers([provider.id]) == {provider.id: [model]}
    assert (model.provider_id, model.context_window) == (provider.id, 128_000)
    assert (model.input_usd_per_mtok, model.output_usd_per_mtok) == (0.25, None)
    assert model.unsupported_params == ["temperature", "top_k"]


def test_a_model_without_a_list_of_unsupported_params_takes_them_all(store: Store, ada):
    assert a_model(store, ada, a_provider(store, ada)).unsupported_params == []


def test_a_name_is_unique_in_its_provider_and_free_in_another(store: Store, ada):
    one, two = a_provider(store, ada), a_provider(store, ada)
    a_model(store, ada, one, "m1")
    other = a_model(store, ada, one, "m2")
    a_model(store, ada, two, "m1")
    columns = {"name": "m1", "display_name": "Other"}
    before = everything()

    with pytest.raises(ConflictError, match="that name"):
        a_model(store, ada, one, "m1")
    with pytest.raises(ConflictError, match="that name"):
        write(store, models.update, other.id, owner_id=ada.id, columns=columns)
    assert everything() == before


def test_a_changed_model_keeps_what_was_not_named(store: Store, ada):
    model = a_model(store, ada, a_provider(store, ada), context_window=5)
    columns = {"display_name": "Five", "unsupported_params": ["seed"]}

    changed = write(store, models.update, model.id, owner_id=ada.id, columns=columns)

    assert (changed.name, changed.display_name, changed.context_window) == ("m1", "Five", 5)
    assert changed.unsupported_params == ["seed"]
    assert write(store, models.update, model.id, owner_id=ada.id, columns={}) == changed


def test_a_deleted_model_is_gone_and_its_provider_stays(store: Store, ada):
    provider = a_provider(store, ada)
    model = a_model(store, ada, provider)

    write(store, models.delete, model.id, owner_id=ada.id)

    assert ModelRow.select().count() == 0
    assert providers.get(provider.id, owner_id=ada.id) == provider


def test_models_of_several_providers_are_told_apart_oldest_first(store: Store, ada):
    one, two, none = (a_provider(store, ada) for _ in range(3))
    first, second = a_model(store, ada, one, "z"), a_model(store, ada, one, "a")
    third = a_model(store, ada, two)

    assert models.of_providers([one.id, two.id, none.id]) == {
        one.id: [first, second],
        two.id: [third],
        none.id: [],
    }
    assert models.page(ada.id, limit=2, before_id=None) == [third, second]
    assert models.page(ada.id, limit=2, before_id=second.id) == [first]


def test_a_change_made_on_an_outdated_view_of_the_secrets_is_refused(store: Store):
    ada = a_user(store)
    seen = a_provider(store, ada)
    moved = {"base_url": "https://elsewhere.example/v1", "secret_version": 9}
    write(store, providers.update, seen.id, owner_id=ada.id, columns=moved, seen=seen)

    with pytest.raises(ConflictError):
        write(
            store,
            providers.update,
            seen.id,
            owner_id=ada.id,
            columns={"key_cipher": b"the key of the old address"},
            seen=seen,
        )
    assert providers.get(seen.id, owner_id=ada.id).key_cipher is None
