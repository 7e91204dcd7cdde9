"""Build what understands messages, from the folders settings name; takes seconds, as it loads and fits models."""

from pathlib import Path

from activities.encoder import Encoder
from activities.intent_files import read_intents
from activities.learning import Learner
from activities.recognition import Recogniser
from activities.screening import Screen, read_exemplars
from activities.understanding import Understander
from policies import dates, language, shapes
from policies.intent_sets import IntentSets
from workers.settings import Settings


def understander(settings: Settings) -> Understander:
    """Build one that learns nothing, for the command line; raises BadFile naming file, line and reason."""
    encoder, intents = load_encoder(settings), read_intents(settings.intent_folder)
    return build(settings, encoder, intents, load_screen(settings, encoder, intents))


def build(
    settings: Settings, encoder: Encoder, intents: IntentSets, screen: Screen, learner: Learner | None = None
) -> Understander:
    """Fit the intents and preload what else would make the first message wait."""
    language.preload()
    dates.preload()
    recogniser = Recogniser(encoder, intents, kept=settings.model_cache)
    return Understander(encoder, recogniser, screen, read_shapes(settings.shape_folder), learner)


def load_encoder(settings: Settings) -> Encoder:
    """Load the embedding model; the graph made of it is kept for the next start."""
    return Encoder(settings.encoder_model, cache=settings.model_cache)


def load_screen(settings: Settings, encoder: Encoder, intents: IntentSets) -> Screen:
    """Fit the screen: what customers say of their orders is what it has to let through."""
    benign = [exemplar for intent in intents.shipped for exemplar in intent.said]
    kept = settings.model_cache / "screen.npz"
    return Screen(encoder, read_exemplars(settings.injection_folder), benign, kept=kept)


def read_shapes(folder: Path) -> dict[str, shapes.Shape]:
    """Read every `<tenant>.yaml` of a folder; raises BadFile."""
    paths = sorted(folder.glob("*.yaml"))
    return shapes.gather((path.stem, str(path), path.read_text(encoding="utf-8")) for path in paths)
