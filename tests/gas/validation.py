"""Gas of the ValidationRegistry.

`first`: neither agent nor validator had a request. `again`: the same two have. A second response replaces the first.
"""

from eth_utils import keccak

from tests.gas.data import REVIEW
from tests.gas.identity import URI
from tests.gas.meter import Meter


def measure(meter: Meter) -> None:
    validation, owner, validator = meter.suite.validation, meter.account("owner"), meter.account("validator")
    with meter.apart():
        meter.suite.identity.register(URI, sender=owner)
        requests = [keccak(text=f"{when} request") for when in ("first", "second")]
        for when, request in zip(("first", "again"), requests, strict=True):
            meter(
                f"validation_request_{when}", validation.validationRequest, validator, 0, REVIEW, request, sender=owner
            )
        for when, number, grade in (("first", 0, 100), ("again", 1, 80), ("replaced", 1, 90)):
            response = (requests[number], grade, REVIEW, keccak(text=when), "quality")
            meter(f"validation_response_{when}", validation.validationResponse, *response, sender=validator)
