from __future__ import annotations

from django.db import migrations

from tenants.rls import CompositeForeignKey, EnableRLS

# Without case and punctuation, in no language in particular. With `forms`, as what is searched in
# has them, a word stands without the letters that Hebrew and Arabic write together with it as well:
# whoever looks for "flowers" means "the flowers" too.
WORDS = """
CREATE FUNCTION calls_words(content text, forms boolean) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT DISTINCT form
    FROM unnest(tsvector_to_array(to_tsvector('simple', translate(left(content, 50000), '-–—־/', '     ')))) AS word
    CROSS JOIN LATERAL unnest(CASE WHEN forms THEN ARRAY[
        word,
        regexp_replace(word, '^[והבלמשכ]([א-ת]{2})', '\\1'),
        regexp_replace(word, '^[וש][הבלמכ]([א-ת]{2})', '\\1'),
        regexp_replace(word, '^و?(ال|لل)([ء-ي]{2})', '\\2')
    ] ELSE ARRAY[word] END) AS form
    WHERE length(form) BETWEEN 2 AND 40
$$;
"""
# A turn is written again whenever more of it is known. A word leaves the call when the last turn
# that had it does, so nothing is found of what has been deleted.
SPOKEN = """
CREATE FUNCTION calls_turn_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text[] := '{}';
    after text[] := '{}';
BEGIN
    IF TG_OP <> 'INSERT' THEN
        before := ARRAY(SELECT calls_words(OLD.text, true));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        after := ARRAY(SELECT calls_words(NEW.text, true));
        INSERT INTO calls_spokenword (id, business_id, call_id, word, began_at)
        SELECT gen_random_uuid(), NEW.business_id, NEW.call_id, word, calls_call.created_at
        FROM unnest(after) AS word
        JOIN calls_call ON calls_call.id = NEW.call_id
        WHERE word <> ALL (before)
        ON CONFLICT DO NOTHING;
    END IF;
    before := ARRAY(SELECT word FROM unnest(before) AS word WHERE word <> ALL (after));
    IF before <> '{}' THEN
        DELETE FROM calls_spokenword
        WHERE call_id = OLD.call_id AND word = ANY (before) AND word NOT IN (
            SELECT calls_words(calls_turn.text, true) FROM calls_turn WHERE call_id = OLD.call_id
        );
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER words AFTER INSERT OR DELETE OR UPDATE OF text ON calls_turn
    FOR EACH ROW EXECUTE FUNCTION calls_turn_words();
"""
NAMED = """
CREATE FUNCTION calls_lead_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.name = OLD.name THEN
            RETURN NULL;
        END IF;
        DELETE FROM calls_nameword WHERE lead_id = NEW.id;
    END IF;
    INSERT INTO calls_nameword (id, business_id, lead_id, word)
    SELECT gen_random_uuid(), NEW.business_id, NEW.id, word FROM calls_words(NEW.name, false) AS word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER words AFTER INSERT OR UPDATE OF name ON calls_lead
    FOR EACH ROW EXECUTE FUNCTION calls_lead_words();
"""
NO_WORDS = """
DROP TRIGGER words ON calls_lead;
DROP TRIGGER words ON calls_turn;
DROP FUNCTION calls_lead_words();
DROP FUNCTION calls_turn_words();
DROP FUNCTION calls_words(text, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0011_lists")]

    operations = [
        EnableRLS("CallNote"),
        EnableRLS("SpokenWord"),
        EnableRLS("NameWord"),
        CompositeForeignKey("CallNote", "call"),
        CompositeForeignKey("SpokenWord", "call"),
        CompositeForeignKey("NameWord", "lead"),
        migrations.RunSQL(WORDS + SPOKEN + NAMED, NO_WORDS),
    ]
