"""Fine-tuned models follow their base model, exist in Beijing only, are not billed, and share its limits."""

from tests.emulator.api_client import PRO, create, json_of, messages, rules, send
from wanlib.emulator import Emulator, Settings

TUNED = f"{PRO}-ft-202606030110-ab12"


def test_it_makes_a_task_under_its_own_name() -> None:
    emulator = Emulator()
    reply = create(emulator, messages(TUNED, n=2))
    assert reply.status == 200
    (entry,) = json_of(send(emulator, "GET", f"/tasks/?model_name={TUNED}"))["data"]
    assert (entry["model_name"], entry["status"]) == (TUNED, "SUCCEEDED")
    (booked,) = emulator.ledger()
    assert (booked.model, booked.pictures, booked.amount) == (TUNED, 2, "0")


def test_it_keeps_the_rules_of_its_base() -> None:
    reply = create(Emulator(), messages(TUNED, n=99))
    assert (reply.status, rules(reply)) == (400, {"wan2.7/n.max": "rejected"})
    assert rules(create(Emulator(), messages(f"{PRO}-mine", n=1))) == {"wire/model": "rejected"}


def test_a_fine_tuned_model_exists_in_beijing_only() -> None:
    reply = create(Emulator(settings=Settings(region="singapore")), messages(TUNED, n=1))
    assert (reply.status, rules(reply)) == (404, {"wire/regions": "rejected"})
    assert create(Emulator(settings=Settings(region="singapore")), messages(PRO, n=1)).status == 200


def test_its_submissions_count_with_those_of_its_base() -> None:
    emulator = Emulator(settings=Settings(quotas=True))
    rate = emulator.spec.wire["rates"][PRO]["submit_per_second"]
    statuses = [create(emulator, messages((PRO, TUNED)[turn % 2], n=1)).status for turn in range(rate + 1)]
    assert statuses == [200] * rate + [429]


def test_an_upload_policy_names_it() -> None:
    emulator = Emulator()
    assert send(emulator, "GET", f"/uploads?action=getPolicy&model={TUNED}").status == 200
    assert send(emulator, "GET", f"/uploads?action=getPolicy&model={PRO}-mine").status == 400
