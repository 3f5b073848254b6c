"""The tables. Rows never leave this room: repositories turn them into domain objects.

Instants are Unix milliseconds. Text holds JSON where people may want to read it, a blob
holds msgpack where only we do.
"""

from __future__ import annotations

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    DatabaseProxy,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

proxy = DatabaseProxy()


class Table(Model):
    """Base of all tables; bound when a database is opened."""

    class Meta:
        database = proxy
        legacy_table_names = False


class UserRow(Table):
    """An account; `event_seq` counts its numbered events, `epoch` names that count."""

    id = TextField(primary_key=True)
    email = TextField(unique=True)
    password_hash = TextField()
    role = TextField()
    disabled = BooleanField(default=False)
    totp = BooleanField(default=False)
    max_concurrent_jobs = IntegerField(null=True)
    max_queued_jobs = IntegerField(null=True)
    jobs_per_hour = IntegerField(null=True)
    created_at_ms = BigIntegerField()
    epoch = TextField()
    event_seq = BigIntegerField(default=0)

    class Meta:
        table_name = "account"


class RefreshFamilyRow(Table):
    """A sign-in and the chain of refresh tokens that came of it; hashes only."""

    id = TextField(primary_key=True)
    user_id: str
    user = ForeignKeyField(UserRow, on_delete="CASCADE")
    current_hash = TextField(unique=True)
    previous_hash = TextField(null=True)
    rotated_at_ms = BigIntegerField()
    created_at_ms = BigIntegerField()
    expires_at_ms = BigIntegerField()
    revoked = BooleanField(default=False)

    class Meta:
        table_name = "refresh_family"


class RetiredTokenRow(Table):
    """A refresh token that was replaced; if it comes back late, its family ends."""

    hash = TextField(primary_key=True)
    family_id: str
    family = ForeignKeyField(RefreshFamilyRow, on_delete="CASCADE")
    replaced_at_ms = BigIntegerField()

    class Meta:
        table_name = "retired_token"


class ProviderRow(Table):
    """A provider of a user; key and headers are ciphertexts bound to user and row."""

    id = TextField(primary_key=True)
    owner_id: str
    owner = ForeignKeyField(UserRow, on_delete="CASCADE")
    name = TextField()
    kind = TextField()
    base_url = TextField(null=True)
    max_concurrency = IntegerField(null=True)
    headers_cipher = BlobField(null=True)
    key_cipher = BlobField(null=True)
    secret_version = IntegerField(default=1)
    enabled = BooleanField(default=True)
    created_at_ms = BigIntegerField()

    class Meta:
        table_name = "provider"


class ModelRow(Table):
    """A model of a provider; `name` goes over the wire."""

    id = TextField(primary_key=True)
    provider_id: str
    provider = ForeignKeyField(ProviderRow, on_delete="CASCADE", backref="models")
    name = TextField()
    display_name = TextField()
    context_window = IntegerField(null=True)
    max_output_tokens = IntegerField(null=True)
    input_usd_per_mtok = FloatField(null=True)
    output_usd_per_mtok = FloatField(null=True)
    system_prompt = TextField(null=True)
    unsupported_params = TextField(default="[]")

    class Meta:
        table_name = "model"
        indexes = ((("provider", "name"), True),)


class JobRow(Table):
    """A job of any kind; changed only where (state, attempt) are as expected."""

    id = TextField(primary_key=True)
    owner_id: str
    owner = ForeignKeyField(UserRow, on_delete="CASCADE")
    kind = TextField()
    state = TextField(index=True)
    attempt = IntegerField()
    created_at_ms = BigIntegerField()
    started_at_ms = BigIntegerField(null=True)
    ended_at_ms = BigIntegerField(null=True)
    done = IntegerField(default=0)
    total = IntegerField()
    result_id = TextField()
    needs = TextField(default="{}")
    caps = TextField(default="{}")
    failure_code = TextField(null=True)
    failure_message = TextField(null=True)
    cancel_requested = BooleanField(default=False)

    class Meta:
        table_name = "job"
        indexes = ((("owner", "id"), False),)


class BenchmarkRow(Table):
    """What a benchmark was asked for, and the plan made of it at submit."""

    id = TextField(primary_key=True)
    owner_id: str
    owner = ForeignKeyField(UserRow, on_delete="CASCADE")
    job_id: str
    job = ForeignKeyField(JobRow, on_delete="CASCADE", unique=True)
    label = TextField(null=True)
    notes = TextField(null=True)
    spec = TextField()
    plan = BlobField()
    seed = BigIntegerField()

    class Meta:
        table_name = "benchmark"
        indexes = ((("owner", "id"), False),)


class RequestRow(Table):
    """A finished request; unique per (benchmark, row, warmup, number, attempt)."""

    id = TextField(primary_key=True)
    benchmark_id: str
    benchmark = ForeignKeyField(BenchmarkRow, on_delete="CASCADE")
    row = IntegerField()
    warmup = BooleanField()
    number = IntegerField()  # `index` is a method of every peewee model
    attempt = IntegerField()
    status = TextField()
    sample = BlobField()

    class Meta:
        table_name = "request"
        indexes = ((("benchmark", "row", "warmup", "number", "attempt"), True),)


class ResultRow(Table):
    """A computed result row, as JSON of its wire struct."""

    benchmark_id: str
    benchmark = ForeignKeyField(BenchmarkRow, on_delete="CASCADE")
    row = IntegerField()
    body = TextField()

    class Meta:
        table_name = "result"
        primary_key = CompositeKey("benchmark", "row")


class EventRow(Table):
    """A numbered event of a user; written in the transaction of the change it tells."""

    user_id: str
    user = ForeignKeyField(UserRow, on_delete="CASCADE")
    seq = BigIntegerField()
    job = TextField(index=True)
    type = TextField()
    body = TextField()
    at_ms = BigIntegerField()

    class Meta:
        table_name = "event"
        primary_key = CompositeKey("user", "seq")


TABLES = (
    UserRow,
    RefreshFamilyRow,
    RetiredTokenRow,
    ProviderRow,
    ModelRow,
    JobRow,
    BenchmarkRow,
    RequestRow,
    ResultRow,
    EventRow,
)
