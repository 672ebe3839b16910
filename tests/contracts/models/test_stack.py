"""Attribution stacks: the shares of the design, worked out by hand."""

from cluster.testing import reverts
from tests.contracts.models.world import BASE, DERIVED, HOLDER, OWNER, PPM, World


def test_a_base_model_has_no_stack_and_the_treasury_its_part(world: World) -> None:
    base = world.register("acme/base", BASE)
    stack = world.models.stackOf(base, 1)
    assert (stack.treasuryPpm, stack.stackPpm, stack.rows) == (50_000, 0, [])
    assert world.models.payeesOf(base, 1) == (50_000, 0, [], [])


def test_of_a_model_without_datasets_and_parent_the_owner_has_it_all(world: World) -> None:
    model = world.register("acme/model")
    stack = world.models.stackOf(model, 1)
    assert (stack.treasuryPpm, stack.stackPpm) == (50_000, 200_000)
    assert world.rows(model) == [(OWNER, model, PPM)]
    assert world.models.payeesOf(model, 1) == (50_000, 200_000, [world.alice.address], [PPM])


def test_a_parent_that_is_a_base_model_leaves_its_part_to_the_owner(world: World) -> None:
    base = world.register("acme/base", BASE)
    child = world.register("acme/child", DERIVED, parent=(base, 1))
    assert world.rows(child) == [(OWNER, child, PPM)]
    trained = world.register("acme/trained", DERIVED, parent=(base, 1), datasets=[(world.dataset("seals"), 1)])
    assert world.rows(trained) == [(OWNER, trained, 500_000), (HOLDER, 1, 500_000)]


def test_datasets_share_by_weight(world: World) -> None:
    for slug in ("seals", "terns", "krill"):
        world.dataset(slug)
    model = world.register("acme/model", datasets=[(1, 100), (2, 300), (3, 600)])
    assert world.rows(model) == [
        (OWNER, model, 500_000),
        (HOLDER, 1, 50_000),
        (HOLDER, 2, 150_000),
        (HOLDER, 3, 300_000),
    ]


def test_thirds_are_rounded_by_their_running_sum(world: World) -> None:
    for slug in ("seals", "terns", "krill"):
        world.dataset(slug)
    model = world.register("acme/model", datasets=[(1, 1), (2, 1), (3, 1)])
    # Running sums 666,666.6 and 833,333.3 and 1,000,000.
    assert [ppm for _, _, ppm in world.rows(model)] == [500_000, 166_666, 166_667, 166_667]


def test_a_running_sum_just_below_a_millionth_is_rounded_down(world: World) -> None:
    seals = world.dataset("seals")
    world.models.setFigures((0, 0, 699_999, 200_001, 100_000), sender=world.admin)
    parent = world.register("acme/parent", datasets=[(seals, 1)])
    world.models.setFigures((0, 0, 500_000, 200_001, 299_999), sender=world.admin)
    child = world.register("acme/child", DERIVED, parent=(parent, 1))
    # 700,001 + 299,999 * 300,001 / 1,000,000 = 790,000.999999.
    assert world.rows(child) == [(OWNER, child, 700_001), (OWNER, parent, 89_999), (HOLDER, seals, 210_000)]


def test_a_family_of_three_generations(world: World) -> None:
    seals, terns, krill = (world.dataset(slug) for slug in ("seals", "terns", "krill"))
    first = world.register("acme/first", datasets=[(seals, 1)])
    second = world.register("bob/second", DERIVED, world.bob, parent=(first, 1), datasets=[(terns, 1)])
    third = world.register("carol/third", DERIVED, world.carol, parent=(second, 1), datasets=[(seals, 1), (krill, 3)])
    assert world.rows(second) == [
        (OWNER, second, 300_000),
        (HOLDER, terns, 500_000),
        (OWNER, first, 100_000),
        (HOLDER, seals, 100_000),
    ]
    # The seals come twice, by the third model's own training and by its grandparent's: one row.
    assert world.rows(third) == [
        (OWNER, third, 300_000),
        (HOLDER, seals, 125_000 + 20_000),
        (HOLDER, krill, 375_000),
        (OWNER, second, 60_000),
        (HOLDER, terns, 100_000),
        (OWNER, first, 20_000),
    ]


def test_models_and_datasets_of_the_same_number_are_two_beneficiaries(world: World) -> None:
    assert world.dataset("seals") == world.register("acme/first", datasets=[(1, 1)]) == 1
    assert world.rows(1) == [(OWNER, 1, 500_000), (HOLDER, 1, 500_000)]
    second = world.register("acme/second", DERIVED, parent=(1, 1))
    assert world.rows(second) == [(OWNER, second, 800_000), (OWNER, 1, 100_000), (HOLDER, 1, 100_000)]


def test_without_datasets_their_part_is_the_owners_beside_the_parents(world: World) -> None:
    parent = world.register("acme/parent")
    child = world.register("acme/child", DERIVED, parent=(parent, 1))
    assert world.rows(child) == [(OWNER, child, 800_000), (OWNER, parent, 200_000)]


def test_ancestors_too_far_to_earn_a_millionth_have_no_row(world: World) -> None:
    model = world.register("acme/0")
    for generation in range(1, 30):
        model = world.register(f"acme/{generation}", DERIVED, parent=(model, 1))
    # 20 % to the power of 9 is half a millionth.
    assert [ppm for _, _, ppm in world.rows(model)] == [800_000, 160_000, 32_000, 6_400, 1_280, 256, 51, 10, 2, 1]
    assert sum(ppm for _, _, ppm in world.rows(model)) == PPM


def test_rows_that_are_dropped_do_not_count(world: World) -> None:
    model = world.register("acme/0")
    for generation in range(1, 10):
        model = world.register(f"acme/{generation}", DERIVED, parent=(model, 1))
    assert len(world.rows(model)) == 10
    datasets = [(world.dataset(f"data-{number}"), 1) for number in range(6)]
    # 1 + 6 + 10 beneficiaries; of the last two, with exact shares of 0.4 and 0.2 ppm, one gets nothing.
    child = world.register("acme/child", DERIVED, parent=(model, 1), datasets=datasets)
    assert [ppm for _, _, ppm in world.rows(child)][7:] == [160_000, 32_000, 6_400, 1_280, 256, 51, 10, 2, 1]


def test_sixteen_rows_are_as_many_as_there_are(world: World) -> None:
    assert world.models.MAX_ROWS() == 16
    datasets = [(world.dataset(f"data-{number}"), 1 + number) for number in range(16)]
    model = world.register("acme/model", datasets=datasets[:15])
    assert len(world.rows(model)) == 16
    assert sum(ppm for _, _, ppm in world.rows(model)) == PPM
    with reverts("TooManyRows", 17, 16):
        world.register("acme/more", datasets=datasets)
    with reverts("TooManyRows", 17, 16):
        world.register("acme/child", DERIVED, parent=(model, 1))
    with reverts("TooManyRows", 18, 16):
        world.register("acme/child", DERIVED, parent=(model, 1), datasets=datasets[15:])
    # The parent's own next version shares the owner's row and the datasets'.
    same = world.register("acme/base", BASE)
    kin = world.register("acme/kin", DERIVED, parent=(same, 1), datasets=datasets[:15])
    world.models.addVersion(kin, world.version(parent=(kin, 1), datasets=datasets[:15]), sender=world.alice)
    assert len(world.rows(kin, 2)) == 16


def test_the_smallest_weight_among_the_largest_still_earns(world: World) -> None:
    world.models.setFigures((0, 0, 50_000, 900_000, 50_000), sender=world.admin)
    datasets = [(world.dataset(f"data-{number}"), 1_000 if number else 1) for number in range(15)]
    model = world.register("acme/model", datasets=datasets)
    assert world.rows(model)[1] == (HOLDER, 1, 3)


# --- who is paid


def test_whoever_holds_the_dataset_and_owns_the_model_now_is_paid(world: World) -> None:
    seals = world.dataset("seals")
    parent = world.register("acme/parent", datasets=[(seals, 1)])
    child = world.register("bob/child", DERIVED, world.bob, parent=(parent, 1))
    before = world.models.stackOf(child, 1)
    assert world.payees(child) == [
        (world.bob.address, 800_000),
        (world.alice.address, 100_000),
        (world.dora.address, 100_000),
    ]
    world.nft.transferFrom(world.dora, world.carol, seals, sender=world.dora)
    world.models.offerOwnership(parent, world.eve, sender=world.alice)
    world.models.acceptOwnership(parent, sender=world.eve)
    assert world.payees(child) == [
        (world.bob.address, 800_000),
        (world.eve.address, 100_000),
        (world.carol.address, 100_000),
    ]
    assert world.models.stackOf(child, 1) == before


def test_who_stands_behind_several_rows_comes_up_several_times(world: World) -> None:
    world.dataset("seals", holder=world.alice)
    world.dataset("terns", holder=world.alice)
    model = world.register("acme/model", datasets=[(1, 1), (2, 1)])
    assert world.payees(model) == [(world.alice.address, ppm) for ppm in (500_000, 250_000, 250_000)]


def test_delisting_does_not_stop_anyone_from_earning(world: World) -> None:
    seals = world.dataset("seals")
    parent = world.register("acme/parent", datasets=[(seals, 1)])
    child = world.register("bob/child", DERIVED, world.bob, parent=(parent, 1))
    payees = world.payees(child)
    world.models.delist(parent, 1, sender=world.admin)
    world.models.setListed(parent, False, sender=world.alice)
    world.registry.delist(seals, 1, sender=world.admin)
    assert world.payees(child) == payees
