"""The operations on everything but tasks."""

from typing import Final

from gateway.openapi import shapes
from gateway.openapi.operation import (
    ASKS_DATABASE,
    BYTES,
    CURSOR,
    DIGEST,
    FORM,
    KNOWN,
    LIMIT,
    PRETTY,
    Answer,
    Operation,
    Parameter,
    path_id,
    reference,
)

DATASETS: Final = "Datasets"
CATALOGUE: Final = "Kinds and processors"
HEALTH: Final = "Health and the dashboard"
DATASET: Final = path_id("dataset")
NAME: Final = Parameter(
    name="id",
    where="path",
    description="The name of the dataset.",
    schema={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9_-]+$"},
)
UNCHANGED: Final = Answer(says="What the client has is still right.")
HANDED_IN: Final = Answer(
    says="It is stored.", shape=shapes.Dataset, headers=("Location",), links=("showDataset", "deleteDataset")
)
THERE: Final = Answer(says="It was there before.", shape=shapes.Dataset, headers=("Location",))
OF_A_FILE: Final = (
    *(
        "dataset_empty",
        "digest_mismatch",
        "header_invalid",
        "name_invalid",
        "storage_full",
        "storage_unavailable",
        "too_large",
    ),
    *ASKS_DATABASE,
)

OPERATIONS: Final = (
    Operation(
        method="PUT",
        path="/v1/datasets/{name}",
        stands_at="/v1/datasets/{id}",
        name="putDataset",
        group=DATASETS,
        says="Hand a file in: the body is the file.",
        parameters=(NAME, DIGEST, PRETTY),
        body={BYTES: {"type": "string", "format": "binary", "minLength": 1}},
        answers={200: THERE, 201: HANDED_IN},
        errors=("media_type_unsupported", "partial_upload", *OF_A_FILE),
    ),
    Operation(
        method="POST",
        path="/v1/datasets",
        name="postDataset",
        group=DATASETS,
        says="Hand a file in as a form with exactly one file.",
        parameters=(PRETTY,),
        body={FORM: reference("DatasetForm")},
        answers={200: THERE, 201: HANDED_IN},
        errors=("body_invalid", "media_type_unsupported", *OF_A_FILE),
    ),
    Operation(
        method="GET",
        path="/v1/datasets",
        name="listDatasets",
        group=DATASETS,
        says="List datasets, newest first.",
        parameters=(LIMIT, CURSOR, PRETTY),
        answers={200: Answer(says="A page.", shape=shapes.DatasetPage, headers=("Link",))},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="GET",
        path="/v1/datasets/{id}",
        name="showDataset",
        group=DATASETS,
        says="Show a dataset.",
        parameters=(DATASET, KNOWN, PRETTY),
        answers={200: Answer(says="The dataset.", shape=shapes.Dataset, headers=("ETag",)), 304: UNCHANGED},
        errors=("not_found", *ASKS_DATABASE),
    ),
    Operation(
        method="DELETE",
        path="/v1/datasets/{id}",
        name="deleteDataset",
        group=DATASETS,
        says="Remove a dataset that no task needs.",
        parameters=(DATASET, PRETTY),
        answers={204: Answer(says="It is gone.")},
        errors=("dataset_needed", "not_found", *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/kinds",
        name="listKinds",
        group=CATALOGUE,
        says="What can be asked for now.",
        parameters=(KNOWN, PRETTY),
        answers={200: Answer(says="The kinds.", shape=shapes.Kinds, headers=("ETag",)), 304: UNCHANGED},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="GET",
        path="/v1/kinds/{name}",
        name="showKind",
        group=CATALOGUE,
        says="A kind, as it was announced last.",
        parameters=(Parameter(name="name", where="path", schema={"type": "string", "minLength": 1}), KNOWN, PRETTY),
        answers={200: Answer(says="The kind.", shape=shapes.Kind, headers=("ETag",)), 304: UNCHANGED},
        errors=("not_found", *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/processors",
        name="listProcessors",
        group=CATALOGUE,
        says="Who does the work.",
        parameters=(PRETTY,),
        answers={200: Answer(says="The processors.", shape=shapes.Processors)},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="GET",
        path="/v1/stats",
        name="showStats",
        group=CATALOGUE,
        says="How your queue stands.",
        parameters=(PRETTY,),
        answers={200: Answer(says="The figures.", shape=shapes.Stats)},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="GET",
        path="/healthz",
        name="isAlive",
        group=HEALTH,
        says="Whether the process works.",
        parameters=(PRETTY,),
        answers={200: Answer(says="It does.", shape=shapes.Alive)},
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="isReady",
        group=HEALTH,
        says="Whether Postgres answers, with a schema that this release works with.",
        parameters=(PRETTY,),
        answers={200: Answer(says="It does.", shape=shapes.Ready)},
        errors=("not_ready", *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/metrics",
        name="showMetrics",
        group=HEALTH,
        says="Figures, for Prometheus.",
        parameters=(PRETTY,),
        answers={200: Answer(says="The figures.", media_types=("text/plain",))},
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        name="showDocument",
        group=HEALTH,
        says="This document, with the params of the kinds on offer.",
        parameters=(KNOWN, PRETTY),
        answers={
            200: Answer(says="The document.", media_types=("application/json",), headers=("ETag",)),
            304: UNCHANGED,
        },
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="GET",
        path="/",
        name="showDashboard",
        is_page=True,
        group=HEALTH,
        says="The dashboard.",
        parameters=(KNOWN,),
        answers={200: Answer(says="The page.", media_types=("text/html",), headers=("ETag",)), 304: UNCHANGED},
    ),
    Operation(
        method="GET",
        path="/dashboard/{file}",
        name="showDashboardFile",
        is_page=True,
        group=HEALTH,
        says="A file of the dashboard.",
        parameters=(Parameter(name="file", where="path", schema={"type": "string", "minLength": 1}), KNOWN),
        answers={200: Answer(says="The file.", media_types=("*/*",), headers=("ETag",)), 304: UNCHANGED},
        errors=("not_found",),
    ),
)
