from __future__ import annotations

from django.db import migrations

from tenants.rls import AppendOnly, CompositeForeignKey, EnableRLS

# What a call is, is decided once: no code path may turn an inbound call into an outbound one, hand
# it to another business or give it another leg's CallSid.
HOLD_IDENTITY = """
CREATE FUNCTION calls_call_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.direction <> OLD.direction OR NEW.business_id <> OLD.business_id
       OR (OLD.call_sid IS NOT NULL AND NEW.call_sid IS DISTINCT FROM OLD.call_sid) THEN
        RAISE EXCEPTION 'business, direction and CallSid of a call never change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity BEFORE UPDATE OF business_id, direction, call_sid ON calls_call
    FOR EACH ROW EXECUTE FUNCTION calls_call_identity();
"""
RELEASE_IDENTITY = """
DROP TRIGGER identity ON calls_call;
DROP FUNCTION calls_call_identity();
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_initial")]

    operations = [
        EnableRLS("Lead"),
        EnableRLS("Call"),
        EnableRLS("PromptBinding"),
        EnableRLS("Turn"),
        EnableRLS("ToolCall"),
        EnableRLS("CallbackEvent"),
        EnableRLS("Recording"),
        CompositeForeignKey("Call", "number"),
        CompositeForeignKey("Call", "lead"),
        CompositeForeignKey("PromptBinding", "call"),
        CompositeForeignKey("PromptBinding", "version"),
        CompositeForeignKey("Turn", "call"),
        CompositeForeignKey("ToolCall", "call"),
        CompositeForeignKey("CallbackEvent", "call"),
        CompositeForeignKey("Recording", "call"),
        AppendOnly("PromptBinding"),
        AppendOnly("CallbackEvent"),
        migrations.RunSQL(HOLD_IDENTITY, RELEASE_IDENTITY),
    ]
