from __future__ import annotations

from datetime import UTC, datetime

import pytest

from calls.webhook_signing import key_of, signed

# The example of the specification's reference libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENT_AT = datetime.fromtimestamp(1614265330, UTC)


def test_it_is_signed_as_the_reference_libraries_do() -> None:
    headers = signed(
        secret=SECRET,
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        now=SENT_AT,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_without_the_prefix_is_its_own_key() -> None:
    assert key_of("a secret of our own choice") == b"a secret of our own choice"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all!"])
def test_a_prefix_without_a_key_behind_it_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        key_of(secret)
