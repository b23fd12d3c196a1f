"""What the stand-in says of itself, per language. `{business}` is named by the instructions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Intent = Literal[
    "do_not_call",
    "wrong_number",
    "mailbox",
    "goodbye",
    "machine",
    "who_calls",
    "hours",
    "appointment",
    "name",
    "yes",
    "no",
    "hello",
    "filler",
]
# Behind these there is nothing more to say.
LAST_WORDS: frozenset[Intent] = frozenset({"do_not_call", "wrong_number", "mailbox", "goodbye"})


@dataclass(frozen=True, slots=True)
class Phrases:
    greeting: str
    somebody: str
    """In the place of the business's name when the instructions give none."""
    answers: dict[Intent, str]
    words: dict[Intent, tuple[str, ...]] = field(default_factory=dict)
    """Any of them in what was heard means the intent; the first intent that fits counts."""
    otherwise: str = ""
    unclear: str = ""
    still_there: str = ""
    little_time: str = ""
    after_tool: str = ""


HEBREW = Phrases(
    greeting="שלום, הגעתם אל {business}. איך אפשר לעזור?",
    somebody="העסק",
    words={
        "do_not_call": ("אל תתקשרו", "תסירו אותי", "תפסיקו להתקשר"),
        "wrong_number": ("טעות במספר", "מספר לא נכון"),
        "mailbox": ("לתא הקולי", "אחרי הצליל", "להשאיר הודעה"),
        "goodbye": ("להתראות", "ביי", "יום טוב"),
        "machine": ("רובוט", "מכונה", "בן אדם", "מחשב"),
        "who_calls": ("מי מתקשר", "מי זה", "מי זאת", "מדברת", "באמצע"),
        "hours": ("שעות", "פתוח", "מתי"),
        "appointment": ("תור", "לקבוע", "פגישה"),
        "name": ("קוראים לי", "שמי", "השם שלי"),
        "yes": ("כן", "בסדר", "נכון"),
        "no": ("לא",),
        "hello": ("שלום", "היי", "הלו"),
        "filler": ("אממ", "אהה", "אה"),
    },
    answers={
        "do_not_call": "רשמתי. {business} לא יתקשרו אליכם יותר. סליחה על ההפרעה, להתראות!",
        "wrong_number": "סליחה על הטעות. כאן {business}, יום טוב ולהתראות!",
        "mailbox": "שלום, כאן {business}. נתקשר שוב במועד אחר. להתראות!",
        "who_calls": "שלום, מדברים מ{business}. זה בקשר לפנייה שלכם אלינו.",
        "goodbye": "תודה שהתקשרתם אל {business}. יום נעים, להתראות!",
        "machine": "אני קול לבדיקות של {business}, לא אדם ולא מודל אמיתי.",
        "hours": "שעות הפתיחה של {business} רשומות אצלנו. לאיזה יום תרצו לדעת?",
        "appointment": "בשמחה, אפשר לקבוע תור אצל {business}. איזה יום נוח לכם?",
        "name": "נעים מאוד. רשמתי את השם עבור {business}. במה עוד אפשר לעזור?",
        "yes": "מצוין. {business} יטפלו בזה. יש עוד משהו?",
        "no": "אין בעיה. אם תצטרכו משהו נוסף, {business} כאן.",
        "hello": "שלום! כאן {business}. במה אפשר לעזור?",
        "filler": "קחו את הזמן, אני מקשיבה.",
    },
    otherwise="הבנתי. אעביר את זה אל {business}. יש עוד משהו שאפשר לעזור בו?",
    unclear="סליחה, לא שמעתי היטב. אפשר לחזור על זה?",
    still_there="אתם עדיין על הקו?",
    little_time="נשארה לנו חצי דקה. מה הכי חשוב לכם לסכם?",
    after_tool="זה נעשה. יש עוד משהו?",
)
ENGLISH = Phrases(
    greeting="Hello, you have reached {business}. How can I help?",
    somebody="the business",
    words={
        "do_not_call": ("not call me", "stop calling", "take me off", "remove me"),
        "wrong_number": ("wrong number",),
        "mailbox": ("voice mailbox", "voicemail", "after the tone", "leave a message"),
        "goodbye": ("goodbye", "bye"),
        "machine": ("robot", "machine", "human", "computer", "artificial"),
        "who_calls": ("who is calling", "who is this", "speaking", "go ahead"),
        "hours": ("hours", "open", "close"),
        "appointment": ("appointment", "book", "schedule"),
        "name": ("my name", "i am called"),
        "yes": ("yes", "okay", "right"),
        "no": ("no",),
        "hello": ("hello", "hi"),
        "filler": ("mm", "um", "uh"),
    },
    answers={
        "do_not_call": "Noted. {business} will not call you again. Sorry for the trouble, goodbye!",
        "wrong_number": "I am sorry for the mistake. This was {business}. Goodbye!",
        "mailbox": "Hello, this is {business}. We will call again another time. Goodbye!",
        "who_calls": "Hello, this is {business}. It is about your request to us.",
        "goodbye": "Thank you for calling {business}. Have a good day, goodbye!",
        "machine": "I am a test voice for {business}, neither a person nor a real model.",
        "hours": "I have the opening hours of {business} here. Which day would you like to know?",
        "appointment": "Gladly, I can note an appointment with {business}. Which day suits you?",
        "name": "Nice to meet you. I noted the name for {business}. What else can I do?",
        "yes": "Very good. {business} will take care of it. Is there anything else?",
        "no": "No problem. If you need anything, {business} is here.",
        "hello": "Hello! This is {business}. What can I do for you?",
        "filler": "Take your time, I am listening.",
    },
    otherwise="I see. I will pass that on to {business}. Is there anything else?",
    unclear="Sorry, I did not hear that well. Could you say it again?",
    still_there="Are you still there?",
    little_time="We have half a minute left. What matters most to settle now?",
    after_tool="That is done. Is there anything else?",
)
ARABIC = Phrases(
    greeting="مرحبا، معكم {business}. كيف يمكنني المساعدة؟",
    somebody="المكتب",
    words={
        "do_not_call": ("لا تتصلوا", "لا تتصل بي", "احذفوا رقمي"),
        "wrong_number": ("الرقم خطأ", "الرقم غلط"),
        "mailbox": ("البريد الصوتي", "بعد الصافرة", "اتركوا رسالة"),
        "goodbye": ("مع السلامة", "وداعا"),
        "machine": ("روبوت", "آلة", "إنسان"),
        "who_calls": ("من المتصل", "من معي", "معك", "مشغولة"),
        "hours": ("متى", "ساعات", "تفتح"),
        "appointment": ("موعد", "أحجز"),
        "name": ("اسمي",),
        "yes": ("نعم", "حسنا"),
        "no": ("لا",),
        "hello": ("مرحبا", "أهلا", "السلام عليكم"),
        "filler": ("اممم", "آه"),
    },
    answers={
        "do_not_call": "سجلت ذلك. {business} لن يتصل بكم مرة أخرى. آسفون، مع السلامة!",
        "wrong_number": "نعتذر عن الخطأ. معكم {business}. مع السلامة!",
        "mailbox": "مرحبا، معكم {business}. سنتصل في وقت آخر. مع السلامة!",
        "who_calls": "مرحبا، معكم {business}. الموضوع هو طلبكم لدينا.",
        "goodbye": "شكرا لاتصالكم مع {business}. يوما سعيدا، مع السلامة!",
        "machine": "أنا صوت للاختبار عند {business}، لست إنسانا ولا نموذجا حقيقيا.",
        "hours": "لدي ساعات عمل {business}. عن أي يوم تسألون؟",
        "appointment": "بكل سرور، يمكن حجز موعد عند {business}. أي يوم يناسبكم؟",
        "name": "تشرفنا. سجلت الاسم عند {business}. بماذا أساعد أيضا؟",
        "yes": "ممتاز. {business} سيهتم بذلك. هل من شيء آخر؟",
        "no": "لا مشكلة. إذا احتجتم شيئا فإن {business} في خدمتكم.",
        "hello": "مرحبا! معكم {business}. كيف أساعدكم؟",
        "filler": "خذوا وقتكم، أنا أستمع.",
    },
    otherwise="فهمت. سأنقل ذلك إلى {business}. هل من شيء آخر؟",
    unclear="عذرا، لم أسمع جيدا. هل يمكنكم الإعادة؟",
    still_there="هل ما زلتم على الخط؟",
    little_time="بقي لنا نصف دقيقة. ما أهم شيء ننهيه الآن؟",
    after_tool="تم ذلك. هل من شيء آخر؟",
)
PHRASES = {"he": HEBREW, "en": ENGLISH, "ar": ARABIC}
