"""What is said and written in the shop of the pictures, in Hebrew and in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shop:
    language: str
    slug: str
    name: str
    timezone: str
    region: str
    number: str
    telephones: str  # the beginning of everybody's number; two or three digits follow
    short_day: int
    team: dict[str, str]  # the mailbox and the name of the owner, a manager and an agent
    invited: str
    desk: str
    closed: str
    prompt: str
    draft: str
    greeting: str
    outbound_prompt: str
    outbound_greeting: str
    people: tuple[str, ...]
    fact: str
    facts: tuple[str, ...]
    conversation: tuple[str, ...]  # the agent begins, then they take turns
    noted: dict[str, object]
    note: str
    lists: tuple[str, str]
    columns: tuple[str, str, str, str]
    runs: tuple[str, str]
    answers: dict[str, str]  # to the questions of the first draft

    def telephone(self, position: int) -> str:
        return f"{self.telephones}{position:03}"


HEBREW: Final = Shop(
    language="he",
    slug="rotem-flowers",
    name="רותם וחבצלת – חנות פרחים",
    timezone="Asia/Jerusalem",
    region="IL",
    number="+97235550170",
    telephones="+972505550",
    short_day=4,
    team={"rotem": "רותם אלקיים", "yael": "יעל ברנע", "omer": "עומר שגיא"},
    invited="dana",
    desk="רותם, בחנות",
    closed="ספירת מלאי",
    prompt=(
        'את העוזרת הדיגיטלית של חנות הפרחים "רותם וחבצלת".\n\n'
        "שעות הפתיחה: ימים ראשון עד חמישי מ-8:30 עד 18:30, יום שישי עד 14:00. בשבת סגור.\n\n"
        "מה יש אצלנו: זרים, עציצים, סידורי שולחן ופרחים לאירועים. משלוחים בעיר בלבד.\n\n"
        "מחירים שאפשר לומר: זר קטן 120 שקלים, זר בינוני 180, זר גדול 260. משלוח 35 שקלים.\n\n"
        "בהזמנה: לשאול מה, לאיזה תאריך, למי ולאיזו כתובת, ולהקריא הכול לאישור.\n\n"
        "לא לקחת מספר של כרטיס אשראי בטלפון. בסיום לסכם במשפט אחד, להודות ולהיפרד."
    ),
    draft=(
        'את העוזרת הדיגיטלית של חנות הפרחים "רותם וחבצלת".\n\n'
        "שעות הפתיחה: ימים ראשון עד חמישי מ-8:30 עד 18:30, יום שישי עד 14:00. בשבת סגור.\n\n"
        "מה יש אצלנו: זרים, עציצים, סידורי שולחן ופרחים לאירועים. משלוחים בעיר בלבד."
    ),
    greeting='שלום, הגעתם ל"רותם וחבצלת". מדברת העוזרת הדיגיטלית. איך אפשר לעזור?',
    outbound_prompt=(
        'את העוזרת הדיגיטלית של חנות הפרחים "רותם וחבצלת", ומתקשרת ללקוחות קבועים.\n'
        "לומר שהזר של שנה שעברה הגיע בתאריך הזה, ולשאול אם לשלוח זר גם השנה.\n"
        "מי שמבקש שלא יתקשרו אליו עוד: להתנצל, לרשום זאת מיד, ולהיפרד."
    ),
    outbound_greeting='שלום, מדברת העוזרת הדיגיטלית של "רותם וחבצלת". נוח לדבר רגע?',
    people=(
        "מיכל אדרי",
        "יוסי מזרחי",
        "נועה פרידמן",
        "איתי גולן",
        "שירה דהן",
        "אבי רוזן",
        "תמר כץ",
        "גיא סבן",
        "הילה נחום",
        "דניאל עמר",
        "ליאת ביטון",
        "רון שחר",
        "ענת לביא",
        "משה אוחנה",
    ),
    fact="אירוע",
    facts=("יום הולדת", "חתונה", "יום נישואין", "ברית", "פתיחת משרד"),
    conversation=(
        'שלום, הגעתם ל"רותם וחבצלת". מדברת העוזרת הדיגיטלית. איך אפשר לעזור?',
        "היי, אני רוצה להזמין זר ליום הולדת, לשישי הקרוב.",
        "בשמחה. יש לנו זר קטן ב-120 שקלים, בינוני ב-180 וגדול ב-260. איזה מהם?",
        "בינוני. אפשר משלוח בבוקר?",
        "משלוחים בשישי יוצאים עד אחת בצהריים, ועולים 35 שקלים. למי ולאיזו כתובת?",
        "למיכל, ברחוב האלון 7, דירה 3.",
        "אני חוזרת: זר בינוני, יום שישי לפני הצהריים, למיכל, רחוב האלון 7 דירה 3. נכון?",
        "בדיוק. תודה רבה!",
        "תודה לך. ההזמנה נרשמה, ורותם תחזור אליך לאישור. יום נעים!",
    ),
    noted={"name": "מיכל אדרי", "facts": {"הזמנה": "זר בינוני", "משלוח": "שישי, רחוב האלון 7"}},
    note="אישרתי בטלפון. להוסיף כרטיס ברכה.",
    lists=("לקוחות קבועים", "נרשמו ביריד"),
    columns=("שם", "טלפון", "אירוע", "תאריך הסכמה"),
    runs=("תזכורת ימי הולדת", "מבצע חנוכה"),
    answers={
        "business": "רותם וחבצלת",
        "services": "זרים, עציצים, סידורי שולחן ופרחים לאירועים. משלוחים בעיר בלבד.",
        "prices": "זר קטן 120 שקלים, בינוני 180, גדול 260. משלוח 35.",
    },
)

ENGLISH: Final = Shop(
    language="en",
    slug="foxglove-flowers",
    name="Foxglove & Fern",
    timezone="Europe/London",
    region="GB",
    number="+442079460170",
    telephones="+447700900",
    short_day=5,
    team={"emma": "Emma Hartley", "james": "James Okoro", "priya": "Priya Nair"},
    invited="oliver",
    desk="Emma, in the shop",
    closed="Christmas Day",
    prompt=(
        "You are the digital assistant of the flower shop Foxglove & Fern.\n\n"
        "Opening hours: Monday to Friday from 8:30 to 18:30, Saturday until 14:00. "
        "Closed on Sunday.\n\n"
        "What we have: bouquets, pot plants, table arrangements, flowers for events. "
        "We deliver in town only.\n\n"
        "Prices you may say: a small bouquet 30 pounds, medium 45, large 65. Delivery 6 pounds.\n\n"
        "For an order: ask what, for which date, for whom and where to; read it all back.\n\n"
        "Never take the number of a card. At the end sum up in one sentence, thank them and say "
        "goodbye."
    ),
    draft=(
        "You are the digital assistant of the flower shop Foxglove & Fern.\n\n"
        "Opening hours: Monday to Friday from 8:30 to 18:30, Saturday until 14:00. "
        "Closed on Sunday.\n\n"
        "What we have: bouquets, pot plants, table arrangements, flowers for events. "
        "We deliver in town only."
    ),
    greeting="Hello, this is Foxglove & Fern, the digital assistant speaking. How can I help?",
    outbound_prompt=(
        "You are the digital assistant of the flower shop Foxglove & Fern and call regular "
        "customers.\nSay that last year's bouquet went out on this date, and ask whether to send "
        "one this year.\nWhoever asks not to be called again: apologise, note it at once, and say "
        "goodbye."
    ),
    outbound_greeting="Hello, this is the digital assistant of Foxglove & Fern. Is this a good time?",
    people=(
        "Alice Whitcombe",
        "George Pemberton",
        "Nora Finch",
        "Samuel Adeyemi",
        "Chloe Marsh",
        "Henry Lockwood",
        "Grace Doyle",
        "Arthur Bell",
        "Zara Hussain",
        "Daniel Frost",
        "Lucy Tate",
        "Oscar Reid",
        "Hannah Cole",
        "Peter Shaw",
    ),
    fact="Occasion",
    facts=("Birthday", "Wedding", "Anniversary", "Christening", "New office"),
    conversation=(
        "Hello, this is Foxglove & Fern, the digital assistant speaking. How can I help?",
        "Hi, I would like a bouquet for a birthday, this Friday.",
        "With pleasure. A small one is 30 pounds, medium 45 and large 65. Which would you like?",
        "Medium, please. Can you deliver it in the morning?",
        "On Fridays deliveries go out until one o'clock, for 6 pounds. Who is it for, and where?",
        "For Alice, 7 Alder Street, flat 3.",
        "So that is a medium bouquet, Friday before noon, for Alice, 7 Alder Street, flat 3?",
        "Exactly. Thank you!",
        "Thank you. The order is noted, and Emma will call you to confirm. Have a lovely day!",
    ),
    noted={
        "name": "Alice Whitcombe",
        "facts": {"Order": "medium bouquet", "Delivery": "Friday, 7 Alder Street"},
    },
    note="Confirmed by telephone. Add a card.",
    lists=("Regular customers", "Signed up at the fair"),
    columns=("Name", "Phone", "Occasion", "Consent date"),
    runs=("Birthday reminders", "Winter wreaths"),
    answers={
        "business": "Foxglove & Fern",
        "services": "Bouquets, pot plants, table arrangements, flowers for events.",
        "prices": "A small bouquet 30 pounds, medium 45, large 65. Delivery 6.",
    },
)
