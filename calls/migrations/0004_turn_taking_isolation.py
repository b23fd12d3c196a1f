from __future__ import annotations

from django.db import migrations

from tenants.rls import CompositeForeignKey, EnableRLS

# Of two callers who want the same time, one gets it: decided by the database, since both may be on
# the telephone of different processes. GiST compares ranges without any extension, so the business
# is written as a range that holds nothing but itself.
NO_DOUBLE_BOOKING = """
CREATE TYPE business_range AS RANGE (subtype = uuid);
ALTER TABLE calls_appointment ADD CONSTRAINT appointment_no_double_booking EXCLUDE USING gist (
    business_range(business_id, business_id, '[]') WITH &&,
    tstzrange(starts_at, ends_at) WITH &&
) WHERE (status = 'booked');
"""
DOUBLE_BOOKING = """
ALTER TABLE calls_appointment DROP CONSTRAINT appointment_no_double_booking;
DROP TYPE business_range;
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0003_turn_taking")]

    operations = [
        EnableRLS("AgentSettings"),
        EnableRLS("TransferTarget"),
        EnableRLS("Transfer"),
        EnableRLS("OpeningHours"),
        EnableRLS("ClosedDay"),
        EnableRLS("Appointment"),
        EnableRLS("HttpTool"),
        CompositeForeignKey("AgentSettings", "fallback"),
        CompositeForeignKey("Transfer", "call"),
        CompositeForeignKey("Transfer", "target"),
        CompositeForeignKey("Appointment", "lead"),
        CompositeForeignKey("Appointment", "call"),
        migrations.RunSQL(NO_DOUBLE_BOOKING, DOUBLE_BOOKING),
    ]
