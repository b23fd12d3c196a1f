from __future__ import annotations

from django.db import migrations

from tenants.rls import AppendOnly, CompositeForeignKey, EnableRLS

# The published version is one of this very prompt's own: not another business's, and not the
# other direction's. That mix-up is what the whole product must never do.
PUBLISH_OWN_VERSION = """
ALTER TABLE prompts_promptversion
    ADD CONSTRAINT prompts_promptversion_of_prompt UNIQUE (business_id, prompt_id, id);
ALTER TABLE prompts_prompt
    ADD CONSTRAINT prompts_prompt_published_own FOREIGN KEY (business_id, id, published_id)
    REFERENCES prompts_promptversion (business_id, prompt_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
PUBLISH_ANY_VERSION = """
ALTER TABLE prompts_prompt DROP CONSTRAINT prompts_prompt_published_own;
ALTER TABLE prompts_promptversion DROP CONSTRAINT prompts_promptversion_of_prompt;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_isolation"), ("prompts", "0001_initial")]

    operations = [
        EnableRLS("Prompt"),
        EnableRLS("PromptVersion"),
        CompositeForeignKey("PromptVersion", "prompt"),
        migrations.RunSQL(PUBLISH_OWN_VERSION, PUBLISH_ANY_VERSION),
        AppendOnly("PromptVersion"),
    ]
