"""Every operation; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.operations.admin import AdminOperations
from adapters.client.operations.auto_captions import AutoCaptionsOperations
from adapters.client.operations.captions import CaptionsOperations
from adapters.client.operations.datasets import DatasetsOperations
from adapters.client.operations.generations import GenerationsOperations
from adapters.client.operations.health import HealthOperations
from adapters.client.operations.instance import InstanceOperations
from adapters.client.operations.items import ItemsOperations
from adapters.client.operations.me import MeOperations
from adapters.client.operations.models import ModelsOperations
from adapters.client.operations.notifications import NotificationsOperations
from adapters.client.operations.points import PointsOperations
from adapters.client.operations.sessions import SessionsOperations
from adapters.client.operations.sharing import SharingOperations
from adapters.client.operations.training_offerings import TrainingOfferingsOperations
from adapters.client.operations.trainings import TrainingsOperations
from adapters.client.operations.uploads import UploadsOperations
from adapters.client.operations.usage import UsageOperations


class EveryOperation(
    HealthOperations,
    InstanceOperations,
    MeOperations,
    SessionsOperations,
    DatasetsOperations,
    SharingOperations,
    ItemsOperations,
    UploadsOperations,
    CaptionsOperations,
    TrainingOfferingsOperations,
    AutoCaptionsOperations,
    TrainingsOperations,
    ModelsOperations,
    GenerationsOperations,
    UsageOperations,
    PointsOperations,
    NotificationsOperations,
    AdminOperations,
):
    """Every operation of the API."""
