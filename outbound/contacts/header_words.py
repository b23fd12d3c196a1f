"""The words that stand above columns, in Hebrew, English and Arabic."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    PHONE = "phone"
    SECOND_PHONE = "second_phone"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    GENDER = "gender"
    NOTES = "notes"
    CONSENT = "consent"
    FACT = "fact"
    IGNORED = "ignored"


WORDS: Final[dict[Role, str]] = {
    Role.PHONE: """
        phone, phone number, phone no, mobile, mobile number, mobile phone, cell, cellphone,
        cell phone, cellular, telephone, telephone number, tel, phone 1, contact number, msisdn,
        whatsapp,
        טלפון, טלפון נייד, מספר טלפון, מס טלפון, מספר טלפון נייד, נייד, מספר נייד, מס נייד, טל,
        טל נייד, סלולרי, טלפון סלולרי, מספר סלולרי, פלאפון, מספר פלאפון, טלפון 1, ווטסאפ,
        هاتف, الهاتف, رقم الهاتف, رقم هاتف, جوال, الجوال, رقم الجوال, موبايل, رقم الموبايل, محمول,
        تلفون, رقم التلفون, خلوي, واتساب
        """,
    Role.SECOND_PHONE: """
        phone 2, second phone, other phone, another phone, additional phone, alternative phone,
        home phone, work phone, landline, mobile 2, secondary phone,
        טלפון 2, טלפון נוסף, טלפון שני, נייד 2, נייד נוסף, טלפון בבית, טלפון בית, טלפון עבודה,
        טלפון בעבודה, טלפון קווי, מספר נוסף, טלפון אחר,
        هاتف 2, هاتف آخر, هاتف ثان, هاتف إضافي, هاتف المنزل, هاتف العمل, جوال 2
        """,
    Role.NAME: """
        name, full name, customer, customer name, client, client name, contact, contact name,
        lead name, display name,
        שם, שם מלא, שם הלקוח, שם לקוח, לקוח, שם הליד, שם ליד, איש קשר, שם איש קשר,
        שם פרטי ומשפחה, שם ושם משפחה,
        الاسم, اسم, الاسم الكامل, الاسم كامل, اسم العميل, اسم الزبون, العميل, الزبون
        """,
    Role.FIRST_NAME: """
        first name, firstname, given name, forename,
        שם פרטי, פרטי,
        الاسم الأول, الاسم الاول, الاسم الشخصي
        """,
    Role.LAST_NAME: """
        last name, lastname, surname, family name,
        שם משפחה, שם המשפחה, משפחה,
        اسم العائلة, العائلة, الكنية, اللقب, الاسم الأخير
        """,
    Role.EMAIL: """
        email, e mail, mail, email address, e mail address,
        מייל, אימייל, דואל, דואר אלקטרוני, כתובת מייל, כתובת אימייל, כתובת דואל,
        البريد الإلكتروني, البريد الالكتروني, بريد إلكتروني, بريد الكتروني, إيميل, ايميل, الإيميل
        """,
    Role.GENDER: """
        gender, sex, מין, מגדר, זכר נקבה, الجنس, جنس, النوع
        """,
    Role.NOTES: """
        notes, note, comment, comments, remark, remarks,
        הערות, הערה, הערות נוספות, ملاحظات, ملاحظة, تعليق, تعليقات
        """,
    Role.CONSENT: """
        consent, consent date, date of consent, consented, consented at, consent at, opt in,
        opt in date,
        תאריך הסכמה, הסכמה, מועד הסכמה, תאריך אישור, אישור דיוור,
        تاريخ الموافقة, الموافقة, موافقة
        """,
}

_NOT_A_WORD = re.compile(r"[^\w\s]|_")
_SEPARATORS = re.compile(r"[-_/.]")
ROLE_OF_WORD: Final = {
    " ".join(word.split()): role for role, words in WORDS.items() for word in words.split(",")
}


def role_of(header: str) -> Role | None:
    return ROLE_OF_WORD.get(plain(header))


def plain(header: str) -> str:
    """Lower case, without marks: `Phone_No.:` is `phone no`, and `דוא״ל` is `דואל`."""
    spaced = _SEPARATORS.sub(" ", header.casefold())
    return " ".join(_NOT_A_WORD.sub("", spaced).split())
