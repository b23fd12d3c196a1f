from __future__ import annotations

from prompts.starting.compose import Answers

LANGUAGES = ("he", "en", "ar")
DIRECTIONS = ("inbound", "outbound")

NEEDED: dict[str, Answers] = {
    "he": {
        "business": "פרחי עליזה",
        "services": "זרים, עציצים ומשלוחים",
        "purpose": "להזכיר את ההזמנה ליום שישי",
        "success": "ההזמנה אושרה או בוטלה",
        "tasks": ["messages"],
        "tone": "warm",
        "speaks_as": "woman",
    },
    "en": {
        "business": "Alice's Flowers",
        "services": "bouquets, plants and deliveries",
        "purpose": "remind people of their order for Friday",
        "success": "the order is confirmed or cancelled",
        "tasks": ["messages"],
        "tone": "warm",
        "speaks_as": "woman",
    },
    "ar": {
        "business": "زهور أليس",
        "services": "باقات ونباتات وتوصيل",
        "purpose": "التذكير بطلبية يوم الجمعة",
        "success": "تأكيد الطلبية أو إلغاؤها",
        "tasks": ["messages"],
        "tone": "warm",
        "speaks_as": "woman",
    },
}
OPTIONAL: dict[str, Answers] = {
    "he": {
        "prices": "זר קטן 90 שקלים\nמשלוח בעיר 30 שקלים",
        "address": "רחוב הרצל 12, חיפה",
        "hours": "ראשון עד חמישי 9:00 עד 18:00",
        "never": "הנחות\nשעת משלוח מדויקת",
        "agent": "נועה",
    },
    "en": {
        "prices": "a small bouquet is 90 shekels\ndelivery in town is 30 shekels",
        "address": "12 Herzl Street, Haifa",
        "hours": "Sunday to Thursday from 9 to 18",
        "never": "discounts\nan exact hour of delivery",
        "agent": "Noa",
    },
    "ar": {
        "prices": "باقة صغيرة 90 شيكل\nتوصيل داخل المدينة 30 شيكل",
        "address": "شارع هرتسل 12، حيفا",
        "hours": "من الأحد إلى الخميس من 9 حتى 18",
        "never": "خصومات\nساعة توصيل محددة",
        "agent": "نور",
    },
}
ALL_TASKS = ["messages", "booking", "questions", "transfer"]


def few(language: str, **changes: str | list[str]) -> Answers:
    """Only what has to be answered."""
    return {**NEEDED[language], **changes}


def many(language: str, **changes: str | list[str]) -> Answers:
    return {**NEEDED[language], **OPTIONAL[language], "tasks": ALL_TASKS, **changes}
