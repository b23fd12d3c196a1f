"""What machines say that answer a telephone, and what only people say: data, and one question."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from calls.engine.spelling import variants_folded, words


class Hint(StrEnum):
    SCREENING = "screening"  # an assistant that asks who is calling, and why
    MAILBOX = "mailbox"
    MENU = "menu"
    PERSON = "person"
    ABSENT = "absent"  # a mailbox says so, and so may whoever sits beside the telephone


# "..." stands for up to nine words. In the order of what counts when a turn holds several: a
# mailbox that begins with "Hello?" is one, and who offers to take a message is a person.
PHRASES: Final[dict[Hint, dict[str, tuple[str, ...]]]] = {
    Hint.SCREENING: {
        "en": (
            "screening (service|assistant)",
            "call (screening|screen|assist|assistant|filter)",
            (
                "(say|state|record|give|give me|tell me) your name and"
                " (why|what|reason|purpose|the reason|the purpose|your reason)"
            ),
            "(say|state|record) your name after ... (connect|available)",
            "(say|tell me) who (you are|is calling) and (why|what)",
            "see if this person is available",
            "get a copy of this conversation",
            "(virtual|automated|digital) assistant",
        ),
        "he": (
            "(סינון|מסנן|סינן|לסינון) (השיחות|שיחות)",
            "(שמך|שמכם|השם|השם שלך|השם שלכם) (ואת סיבת|וסיבת|ואת מטרת|ומטרת|ולמה|ומדוע|ואת הסיבה)",
            "(עוזר|העוזר) (וירטואלי|הוירטואלי|הווירטואלי|דיגיטלי|הדיגיטלי)",
            "אבדוק אם (הוא|היא|האדם הזה) (זמין|זמינה) ... (הקלט|הקליטו|אמור|אמרו)",
        ),
        "ar": (
            "(فحص|تصفية|فرز|غربلة) (المكالمات|مكالمات)",
            "(اسمك|اسمكم|الاسم) (وسبب|ولماذا|وليش|والسبب|والغرض)",
            "(المساعد|مساعد) (الافتراضي|افتراضي|الرقمي|رقمي|الآلي)",
        ),
    },
    Hint.MAILBOX: {
        "en": (
            "(after|at|following|wait for|until) (the|a) (tone|beep|signal)",
            "at the sound of the (tone|beep)",
            "after (you hear|hearing) the (tone|beep|signal)",
            "when you hear the (tone|beep)",
            "(leave|record) (your|a brief|a short|a detailed) message",
            "leave (me|us|a|your) (message|voicemail) and (i|we|ill|well|someone|one)",
            "leave (your name|a name|your number|your details)",
            "leave ... (name|number) and ... (number|message)",
            "(reached|to) the (voicemail|voice mail|mailbox|voice mailbox|answering machine)",
            "(this is|its|thats) (my|our|the) (voicemail|voice mail|mailbox|answering machine)",
            "(reached|to) (my|our) (voicemail|voice mail|mailbox|voice mailbox|answering machine)",
            "reached ... (voicemail|voice mail|mailbox|voice mailbox|answering machine|answerphone)",
            "(voice messaging|voicemail|voice mail|voice message) (system|service|box)",
            "(forwarded|redirected|transferred|diverted) to (voicemail|voice mail|an automated)",
            "mailbox is (full|currently full)",
            "mailbox ... (not been set up|not set up|cannot accept|unable to accept)",
            "(not available|unavailable|unable|not able) to (take|answer) (your|the) (call|phone)",
            (
                "(cant|cannot|can not|couldnt|could not|am unable to|are unable to|unable to)"
                " (take|answer|get to) (your call|the phone|the call|you)"
            ),
            "(i|we) (cant|cannot|can not) come to the phone",
            "(im|i am|were|we are) sorry ... missed your call",
            "(sorry|im sorry) i missed your call",
            (
                "(person|party|subscriber|customer|user|number) you (are|have|were|had)"
                " (trying|calling|called|dialed|dialled) ... (not|unavailable|unable|disconnected)"
            ),
            (
                "(person|party|subscriber|customer|number) (youre|youve|you)"
                " (trying|calling|called|dialed|dialled) ... (not|unavailable|unable|disconnected)"
            ),
            "(finished|done) recording",
            "(try|try your|try to) (call|call again|your call again) later",
            "please hang up and try",
        ),
        "he": (
            "(אחרי|לאחר|עם|בהישמע|עד) (הצליל|צליל|הביפ|ביפ|הצפצוף|צפצוף|הישמע הצליל)",
            "(אחרי|לאחר|עם) (השמע|הישמע|שמיעת|שישמע|להישמע) (הצליל|צליל|הצפצוף|הביפ)",
            "(תא|התא|לתא|בתא|תיבה|התיבה|לתיבה|בתיבה) (קולי|הקולי|קולית|הקולית)",
            "(תיבת|לתיבת|בתיבת) (הקול|ההודעות|הודעות|קול|הדואר הקולי|דואר קולי)",
            "(תא|לתא|תיבת) ההודעות",
            "(המשיבון|למשיבון|משיבון) של",
            "(נא|אנא|בבקשה|ניתן|תוכלו|מוזמנים|מומלץ) (להשאיר|השאירו|השאר|השאירי|תשאירו) (הודעה|לי הודעה|לנו הודעה)",
            "(השאירו|תשאירו|השאר|תשאיר) (הודעה|לי הודעה|לנו הודעה) ו(אחזור|נחזור|אני אחזור|אנחנו נחזור)",
            "(להשאיר|השאירו|תשאירו) (הודעה|לי הודעה|לנו הודעה|שם|את שמכם) ... (ואחזור|ונחזור|בהקדם|וטלפון|ומספר)",
            "(המנוי|למנוי|המספר|למספר) (שחייגתם|שחייגת|אליו חייגתם|אליו חייגת|שאליו חייגתם|אליו התקשרתם|שהתקשרתם|שאליו התקשרתם)",
            "(המנוי|המספר) (אינו|לא|איננו) (זמין|מחובר|בשימוש|ניתן)",
            "(לא|איני|אינני|איננו) (יכול|יכולה|יכולים|נוכל|אוכל|ניתן) (לענות|לקבל את שיחתך|לקבל את שיחתכם)",
            "(לא נוכל|לא אוכל) לענות",
            "שיחתך (הועברה|מועברת) (לתא|לתיבה|למשיבון)",
            "(נסו|אנא נסו|נסה) (שוב|שנית) מאוחר יותר",
        ),
        "ar": (
            "بعد (الصافرة|صافرة|الصفارة|الصفير|الإشارة|النغمة|الرنة|البيب|التون)",
            "بعد (سماع|صوت|سماعك) (الصافرة|صافرة|الصفارة|الصفير|الإشارة|النغمة|البيب)",
            "(البريد|بريد|بريدي|للبريد|بالبريد) (الصوتي|صوتي)",
            "(صندوق|لصندوق|علبة) (البريد|الرسائل|رسائل)",
            "(المجيب|للمجيب) (الآلي|الصوتي)",
            "(يرجى|الرجاء|نرجو|رجاء|من فضلك|فضلا) (ترك|اترك|اتركوا|تسجيل) (رسالة|رسالتك|رسالتكم|رسالة صوتية)",
            "(اترك|اتركوا|اتركي|سجل|سجلوا) (رسالتك|رسالتكم|رسالة صوتية|اسمك|رقمك)",
            "(اترك|اتركوا|ترك|اتركي) رسالة ... (وسأعاود|وسنعاود|وسأتصل|وسنتصل|وبرجعلك|وسأرد)",
            "(المشترك|الرقم|الهاتف|الشخص) (المطلوب|الذي تطلبه|الذي طلبته|الذي تتصل به|الذي اتصلت به|الذي تحاول)",
            "(المشترك|الرقم) (غير|ليس|خارج|مغلق)",
            "خارج (نطاق|منطقة) (الخدمة|التغطية)",
            "لا (أستطيع|استطيع|يمكنني|نستطيع|يمكننا|أقدر|يمكن) (الرد|الإجابة|استقبال)",
            "(مش|ما) (قادر|قادرة|بقدر|فيني|قادرين|بنقدر) (أرد|ارد|نرد|جاوب)",
            "(حاول|الرجاء المحاولة|يرجى المحاولة|عاود الاتصال) (مرة أخرى|لاحقا|في وقت لاحق|مرة ثانية)",
        ),
    },
    Hint.MENU: {
        "en": (
            "press (one|two|three|four|five|zero|the|star|pound|hash|1|2|3|4|5|6|7|8|9|0)",
            "(dial|enter) (your|the) (party|partys|extension)",
            "(menu|following) options",
            "your call is (very important|important)",
            "(calls|call) (may be|is being|will be|are) (recorded|monitored)",
            "(all|our) ... (representatives|agents|operators|lines) are (busy|currently|assisting)",
            "(next|first) available (representative|agent|operator)",
            "for (english|sales|support|service|billing|hebrew|spanish) (press|dial|say)",
            "you are (number|caller number)",
        ),
        "he": (
            "(הקש|הקישו|הקישי|לחצו|לחץ|יש להקיש|נא להקיש|תקישו)",
            "(שיחתך|שיחתכם|השיחה שלכם) חשובה לנו",
            "(שיחתך|שיחתכם|שיחה זו|השיחה) (מוקלטת|תוקלט)",
            "(כל|הנציגים|נציגינו|נציגנו) ... (עסוקים|תפוסים)",
            "(מקומך|מיקומך|מספרך|מספרכם) (בתור|בתור הוא)",
        ),
        "ar": (
            "(اضغط|اضغطوا|اضغطي|اكبس|اختر) (رقم|الرقم|واحد|اثنين|ثلاثة|صفر|على|نجمة|1|2|3|4|5|0)",
            "(مكالمتك|مكالمتكم|اتصالك|اتصالكم) (تهمنا|يهمنا|مهمة|مهم)",
            "(المكالمة|مكالمتك|مكالمتكم) (مسجلة|قد تسجل|ستسجل)",
            "(جميع|كل) ... (مشغولون|مشغولين)",
        ),
    },
    Hint.PERSON: {
        "en": (
            "(who is|whos|who) (this|that|calling|speaking|there|you)",
            "who am i (speaking|talking)",
            "(may|can|could|how may|how can|how could) i (ask|help|assist|do|take|tell|know|have)",
            "(can|could) you (hear|call|repeat|say|hold|speak|ring)",
            "(what is|whats) (this|it|that) (about|regarding|concerning)",
            "what (do you|can i|are you|did you)",
            "where are you (calling|from)",
            "(hold on|hang on|one second|one sec|just a second|just a sec|one minute|wait)",
            "(im|i am) (here|listening|driving|busy|not a machine|not a robot|real|a real)",
            "(are you|you) (there|still there)",
            "(wrong number|not interested|go ahead)",
            "(call|ring|phone) (me|us|him|her|them) (back|later|again|tomorrow)",
            "(he|she) (is not|isnt|just|will be|wont be|went|is out|is in|is at|is on)",
            "(hes|shes|theyre) (not|out|in|on|at|just|away|with|busy|stepped)",
            "(do|would|did) you (want|like|need|call|mean)",
            "(pick|picked) up",
            ".* (speaking|hello)$",
            "this is (he|she|him|her)",
            "(yes|yeah|hi|hello) (this is|its|hi|hello|yes|yeah|who|what|im|i)",
        ),
        "he": (
            "(מי זה|מי זאת|מי זו|מי את|מי אתה|מי אתם|מי מדבר|מי מדברת|מי שואל|מי שואלת|מי על הקו|מי רוצה)",
            "(עם|ממי|למי) (מי אני|מי אני מדבר|מי אני מדברת|אני מדבר|אני מדברת)",
            "(במה|איך|כיצד|מה) (אפשר|אוכל|ניתן|אני יכול|אני יכולה|נוכל) (לעזור|לסייע|לעשות)",
            "(אפשר|אפשרי) (לעזור|לדעת|לשאול|להעביר|למסור)",
            "(במה|על מה|לגבי מה|בקשר למה|בנוגע למה) (מדובר|העניין|זה|אתה|את)",
            "מה (העניין|קורה|רצית|אתה רוצה|את רוצה|אתם רוצים|נשמע|שלומך|זה)",
            "(אתה|את|אתם) (שומע|שומעת|שומעים|עוד שם|שם|מדבר|מדברת)",
            "(אני|אנחנו) (כאן|פה|שומע|שומעת|מקשיב|מקשיבה|נוהג|נוהגת|בנהיגה|באמצע|בפגישה|לא מכונה|עסוק|עסוקה|בעבודה)",
            "(רגע|שניה|שנייה|דקה|חכה|חכי|חכו|תמתין|תמתיני)",
            "(לא מעוניין|לא מעוניינת|לא מעוניינים|טעות במספר|טעות)",
            "(תתקשר|תתקשרי|תתקשרו|תחזור|תחזרי|תחזרו|דבר|דברי)",
            "(רוצה|תרצה|תרצי|תרצו|אתה רוצה) (להשאיר|שאמסור|לדבר|שאני)",
            "(למסור|אמסור|אעביר|להעביר) (לו|לה|להם)",
            "(הוא|היא) (לא|יצא|יצאה|בפגישה|בשיחה|עסוק|עסוקה|בחופש|בדיוק|תחזור|יחזור)",
            ".* (מדבר|מדברת|הלו)$",
            "(כן|הלו|היי|שלום) (מי|מה|כן|הלו|אני|מדבר|מדברת|במה)",
        ),
        "ar": (
            "(مين|من) (معي|معاي|هذا|هاد|حضرتك|المتكلم|المتصل|بيحكي|عم يحكي|انت|إنت|أنت|يتكلم|يتحدث)",
            "^مين( .*)?$",
            "(كيف|بماذا|بشو|شو|ايش|إيش) (أقدر|اقدر|أستطيع|بقدر|يمكنني|ممكن|فيني) ... (أساعدك|أساعدكم|مساعدتك|مساعدتكم|اخدمك|أخدمك)",
            "(شو|ماذا|ايش|إيش|وش) (بدك|تريد|تريدين|عايز|الموضوع|القصة|في)",
            "(عن شو|عن ماذا|بخصوص شو|بخصوص ماذا|ما الموضوع)",
            "(سامعني|سامعك|تسمعني|بتسمعني|عم تسمعني|انت معي|إنت معي)",
            "(أنا|انا|احنا|إحنا) (هنا|هون|موجود|موجودة|سايق|بسوق|مشغول|مشغولة|باجتماع|مش آلة|سامع)",
            "(لحظة|ثانية|دقيقة|استنى|استني|انتظر)",
            "(الرقم غلط|رقم غلط|غلطان|مش مهتم|مش مهتمة|لست مهتما)",
            "(اتصل|رن|احكي|كلمني|رنلي) (بعدين|لاحقا|بكرا|فيني|علي|معي)",
            "(بتحب|تحب|بدك|هل تريد|حابب) (تترك|ترك|أن تترك|أوصله|أبلغه)",
            "(هو|هي) (مش|ليس|طلع|طلعت|برا|مشغول|مشغولة|باجتماع)",
            "(نعم|أيوه|أيوا|آلو|ألو|الو) (مين|من|نعم|شو|تفضل|تفضلي|معك)",
            "(تفضل|تفضلي|اتفضل)",
            ".* (ألو|آلو)$",
        ),
    },
    Hint.ABSENT: {
        "en": (
            "(leave|left) (a|me a|us a|him a|her a) (message|voicemail)",
            "(not available|unavailable|not here|away from)",
            "(voicemail|voice mail|mailbox|answering machine|answerphone)",
            "(youve|you have) reached",
            "(get back|call you back|return your call|back to you)",
            "(office|offices|store|shop) (is|are) (closed|currently closed|now closed)",
            "(business|office|opening) hours are",
        ),
        "he": (
            "(להשאיר|השאירו|תשאירו|תשאיר|תשאירי|השאר) (הודעה|לי הודעה|לו הודעה|לה הודעה|לנו הודעה)",
            "(לא|אינו|אינה|אינם|איננו) (זמין|זמינה|זמינים)",
            "הגעתם",
            "(אחזור|נחזור) (אליך|אליכם|אלייך)",
            "(המשרד|משרדנו|משרדינו|העסק|החנות) (סגור|סגורה)",
        ),
        "ar": (
            "(ترك|اترك|اتركوا|اتركي) رسالة",
            "(غير|مش|ليس) (متاح|متوفر|متواجد|موجود)",
            "(لقد|انت) (وصلت|اتصلت)",
            "(سأعاود|سنعاود|سأتصل|سنتصل) (الاتصال|بك|بكم)",
            "(المكتب|مكتبنا|المحل) مغلق",
        ),
    },
}
_GAP: Final = r"(?: \S+){0,9} "


def _plain(text: str) -> str:
    return variants_folded(" ".join(words(text))).replace("'", "").replace("-", " ")


def _any(tables: Iterable[tuple[str, ...]]) -> re.Pattern[str]:
    phrases = [variants_folded(phrase) for table in tables for phrase in table]
    said = "|".join(phrase.replace(" ... ", _GAP) for phrase in phrases)
    return re.compile(rf"(?<!\S)(?:{said})(?!\S)")


_SAID: Final = {hint: _any(tables.values()) for hint, tables in PHRASES.items()}


def hint_in(text: str) -> Hint | None:
    """What the words of one turn tell of who said them; None when anybody may have."""
    plain = _plain(text)
    return next((hint for hint, said in _SAID.items() if said.search(plain)), None)
