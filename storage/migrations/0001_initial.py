# Generated from a schema diff on 2026-11-23 07:21.
from peewee import *


def up(migrator, db):
    class UserRow(Model):
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
            database = db
            table_name = "account"

    db.create_tables([UserRow])

    class JobRow(Model):
        id = TextField(primary_key=True)
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
        failure_code = TextField(null=True)
        failure_message = TextField(null=True)

        class Meta:
            database = db
            table_name = "job"
            indexes = ((("owner", "id"), False),)

    db.create_tables([JobRow])

    class BenchmarkRow(Model):
        id = TextField(primary_key=True)
        owner = ForeignKeyField(UserRow, on_delete="CASCADE")
        job = ForeignKeyField(JobRow, unique=True, on_delete="CASCADE")
        label = TextField(null=True)
        notes = TextField(null=True)
        spec = TextField()
        plan = BlobField()
        seed = BigIntegerField()

        class Meta:
            database = db
            table_name = "benchmark"
            indexes = ((("owner", "id"), False),)

    db.create_tables([BenchmarkRow])

    class EventRow(Model):
        user = ForeignKeyField(UserRow, on_delete="CASCADE")
        seq = BigIntegerField()
        job = TextField(index=True)
        type = TextField()
        body = TextField()
        at_ms = BigIntegerField()

        class Meta:
            database = db
            table_name = "event"
            primary_key = CompositeKey("user", "seq")

    db.create_tables([EventRow])

    class ProviderRow(Model):
        id = TextField(primary_key=True)
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
            database = db
            table_name = "provider"

    db.create_tables([ProviderRow])

    class ModelRow(Model):
        id = TextField(primary_key=True)
        provider = ForeignKeyField(ProviderRow, on_delete="CASCADE")
        name = TextField()
        display_name = TextField()
        context_window = IntegerField(null=True)
        max_output_tokens = IntegerField(null=True)
        input_usd_per_mtok = FloatField(null=True)
        output_usd_per_mtok = FloatField(null=True)
        system_prompt = TextField(null=True)
        unsupported_params = TextField(default="[]")

        class Meta:
            database = db
            table_name = "model"
            indexes = ((("provider", "name"), True),)

    db.create_tables([ModelRow])

    class RefreshFamilyRow(Model):
        id = TextField(primary_key=True)
        user = ForeignKeyField(UserRow, on_delete="CASCADE")
        current_hash = TextField(unique=True)
        previous_hash = TextField(index=True, null=True)
        rotated_at_ms = BigIntegerField()
        created_at_ms = BigIntegerField()
        used_at_ms = BigIntegerField()
        revoked = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "refresh_family"

    db.create_tables([RefreshFamilyRow])

    class RequestRow(Model):
        id = TextField(primary_key=True)
        benchmark = ForeignKeyField(BenchmarkRow, on_delete="CASCADE")
        row = IntegerField()
        warmup = BooleanField()
        number = IntegerField()
        attempt = IntegerField()
        status = TextField()
        sample = BlobField()

        class Meta:
            database = db
            table_name = "request"
            indexes = ((("benchmark", "row", "warmup", "number", "attempt"), True),)

    db.create_tables([RequestRow])

    class ResultRow(Model):
        benchmark = ForeignKeyField(BenchmarkRow, on_delete="CASCADE")
        row = IntegerField()
        body = TextField()

        class Meta:
            database = db
            table_name = "result"
            primary_key = CompositeKey("benchmark", "row")

    db.create_tables([ResultRow])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("result"))
    migrator.migrate(migrator.drop_table("request"))
    migrator.migrate(migrator.drop_table("refresh_family"))
    migrator.migrate(migrator.drop_table("model"))
    migrator.migrate(migrator.drop_table("provider"))
    migrator.migrate(migrator.drop_table("event"))
    migrator.migrate(migrator.drop_table("benchmark"))
    migrator.migrate(migrator.drop_table("job"))
    migrator.migrate(migrator.drop_table("account"))
