from sundog.environment import environment_of

INHERITED = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "MY_SECRET": "s",
    "SUNDOG_GATEWAY_SHUTDOWN_S": "3",
    "SUNDOG_STREAM_LIMIT": "7",
    "SUNDOG_PROCESSOR_LEASE_S": "9",
    "SUNDOG_MIGRATE_GATEWAY_PASSWORD": "s",
    "SUNDOG_STORAGE_URL": "s3://bucket",
    "AWS_REGION": "eu",
}


def test_a_part_gets_its_own_settings_and_what_both_need() -> None:
    assert environment_of("gateway", {}, defaults={}, inherited=INHERITED) == {
        "PATH": "/bin",
        "HOME": "/home/me",
        "SUNDOG_GATEWAY_SHUTDOWN_S": "3",
        "SUNDOG_STREAM_LIMIT": "7",
        "SUNDOG_STORAGE_URL": "s3://bucket",
        "AWS_REGION": "eu",
    }


def test_settings_win_over_what_was_inherited_and_that_over_defaults() -> None:
    environment = environment_of(
        "processor",
        {"SUNDOG_PROCESSOR_LEASE_S": "1"},
        defaults={"SUNDOG_STORAGE_URL": "file:///here", "SUNDOG_PROCESSOR_GRACE_S": "5"},
        inherited=INHERITED,
    )
    assert environment["SUNDOG_PROCESSOR_LEASE_S"] == "1"
    assert environment["SUNDOG_STORAGE_URL"] == "s3://bucket"
    assert environment["SUNDOG_PROCESSOR_GRACE_S"] == "5"
