"""Recipes while the node runs: made, listed, removed, selected, calibrated anew."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from adapt_msgs.action import FitRecipe

from adapt_learning.errors import PictureError, SettingError, UserError
from adapt_learning.inspection import Examiner, Inspector, Recipe, RecipeShelf
from adapt_learning.inspection.detector import detector_folder
from adapt_learning.inspection.recipe_file import rewrite_settings
from adapt_ros.inspection.camera_feed import CameraFrame
from adapt_ros.inspection.fitting import FitRequest, Fitting, refused_frame
from adapt_ros.inspection.messages import entry_message, recipe_message

if TYPE_CHECKING:
    from adapt_ros.goals import OneGoal
    from adapt_ros.nodes.inspection_node import InspectionNode

# Frames for references that do not come end the making of a recipe.
_PATIENCE_S = 10.0


class RecipeDesk:
    """Owns the shelf, the detector and the selected recipe; answers the services."""

    def __init__(self, node: 'InspectionNode', changed: Callable[[], None]):
        """
        Open the shelf and select the recipe of the settings; UserError says what is wrong.

        `changed` is called when another recipe was selected or one was made.
        """
        self._node = node
        self._settings = settings = node.settings
        self._changed = changed
        self.goal: OneGoal | None = None
        """The action FitRecipe."""
        folder, name = _places(settings.recipes, settings.recipe)
        self.shelf = RecipeShelf(folder)
        self.examiner: Examiner | None = None
        self.inspector: Inspector | None = None
        self.fitting: Fitting | None = None
        self.last_fit = ''
        self.fit_failed = False
        if settings.detector:
            self.inspector = Inspector(detector_folder(settings.detector), settings.threads)
        if name:
            self.examiner = self._examiner(self.shelf.load(name))

    @property
    def selected(self) -> str:
        """Return the name of the selected recipe, or ''."""
        return self.examiner.recipe.name if self.examiner is not None else ''

    @property
    def is_gone(self) -> bool:
        """Return whether somebody removed the folder of the selected recipe."""
        return self.examiner is not None and self.selected not in self.shelf.names()

    def _examiner(self, recipe: Recipe) -> Examiner:
        inspector = self.inspector
        if inspector is None or (inspector.hash != recipe.detector_hash
                                 and not self._settings.detector):
            inspector = Inspector(detector_folder(recipe.detector), self._settings.threads)
        made = Examiner(inspector, recipe)
        made.warm_up()
        self.inspector = inspector
        return made

    # -- making -------------------------------------------------------------------------------

    def refuse(self, goal) -> str:
        """Return why no recipe can be made of a goal or request now, or ''."""
        if not self._node.is_active:
            return 'the node is not active'
        if self.fitting is not None:
            return f"recipe '{self.fitting.request.name}' is being made; wait for it or cancel it"
        try:
            self._request(goal)
            self._detector_folder()
            if goal.name in self.shelf.names() and not goal.overwrite:
                raise SettingError(f"there is a recipe '{goal.name}' already; choose another name, "
                                   'or replace it (overwrite)')
        except UserError as error:
            return str(error)
        return ''

    def begin(self, goal) -> None:
        """Begin with what `refuse` let pass."""
        self.fitting = Fitting(self._request(goal), self._detector_folder(),
                               self.shelf.path(goal.name), time.monotonic())
        self._node.get_logger().info(f"making recipe '{goal.name}'")

    def take(self, frame: CameraFrame) -> None:
        """Hand a frame to the recipe that grabs, if there is one."""
        if self.fitting is None or not self.fitting.grabs:
            return
        try:
            self.fitting.take(frame)
        except (PictureError, OSError) as error:
            self._end(refused_frame(error))

    def watch(self) -> None:
        """Pass progress on, obey a cancel, notice the end."""
        fitting = self.fitting
        if fitting is None:
            return
        if self.goal.cancel_requested:
            self._end('the goal was cancelled', canceled=True)
            return
        before, ended = fitting.progress, fitting.look()
        if fitting.progress != before:
            stage, done, total = fitting.progress
            self.goal.feedback(FitRecipe.Feedback(stage=stage, done=done, total=total))
        if ended:
            self._end(fitting.failure())
        elif fitting.grabs and time.monotonic() - fitting.begun_s > _PATIENCE_S \
                + fitting.request.grab:
            self._end('too few frames came for the references: is the camera running, does it '
                      'need triggers?')

    def stop(self, text: str) -> None:
        """End the recipe that is being made, if there is one."""
        if self.fitting is not None:
            self._end(text)

    def _end(self, failure: str, canceled: bool = False) -> None:
        """Close the recipe that was being made; select it if that was asked."""
        fitting, self.fitting = self.fitting, None
        fitting.close()
        result = FitRecipe.Result(seconds=time.monotonic() - fitting.begun_s)
        name = fitting.request.name
        try:
            if failure:
                raise SettingError(failure)
            recipe = self.shelf.load(name)
            # One that replaced the selected recipe is the selected one.
            if fitting.request.select or name == self.selected:
                self.examiner = self._examiner(recipe)
            result.recipe = recipe_message(recipe, name == self.selected)
            result.text = (f"recipe '{name}' of {len(recipe.references)} references: "
                           f'{recipe.calibration.score.sentence}')
            if recipe.notes:
                result.text += f'; {"; ".join(recipe.notes)}'
            self._node.get_logger().info(result.text)
        except UserError as error:
            result.text = failure = str(error)
            self._node.get_logger().error(f"recipe '{name}' was not made: {failure}")
        self.last_fit, self.fit_failed = result.text, bool(failure)
        self.goal.end(result, succeeded=not failure, canceled=canceled)
        self._changed()

    def _request(self, goal) -> FitRequest:
        settings = self._settings
        return FitRequest.of(goal, settings.references, settings.false_reject,
                             settings.review_band)

    def _detector_folder(self) -> Path:
        if self.inspector is None:
            raise SettingError("parameter 'detector' is needed to make a recipe: the folder of a "
                               'detector, or the name of a shipped one')
        return self.inspector.folder

    # -- services -----------------------------------------------------------------------------

    def on_add(self, request, response):
        """Begin to make a recipe; the twin of the action."""
        problem = self.refuse(request)
        if not problem:
            self.begin(request)
        response.success = not problem
        response.message = problem or f"recipe '{request.name}' is being made; see ~/list_recipes"
        return response

    def on_cancel(self, _, response):
        """Give the recipe up that is being made."""
        response.success = self.fitting is not None
        response.message = 'cancelled' if response.success else 'no recipe is being made'
        if response.success:
            self.goal.request_cancel()
            self._end('~/cancel_fit was called', canceled=True)
        return response

    def on_list(self, _, response):
        """Tell all recipes."""
        response.recipes = [entry_message(entry, entry.name == self.selected)
                            for entry in self.shelf.entries()]
        response.selected = self.selected
        if self.inspector is not None:
            response.detector = self.inspector.manifest.name
            response.detector_hash = self.inspector.hash
        response.fitting = self.fitting.request.name if self.fitting is not None else ''
        response.last_fit = self.last_fit
        return response

    def on_select(self, request, response):
        """Judge with another recipe, or with none, from the next trigger on."""
        response.success, response.message = False, ''
        try:
            self.examiner = self._examiner(self.shelf.load(request.name)) if request.name else None
        except UserError as error:
            response.message = str(error)
            return response
        response.success = True
        response.message = 'no recipe is selected: triggers are refused'
        if self.examiner is not None:
            recipe = self.examiner.recipe
            response.recipe = recipe_message(recipe, True)
            response.message = f"recipe '{recipe.name}': {recipe.calibration.score.sentence}"
        self._changed()
        return response

    def on_remove(self, request, response):
        """Remove a recipe that is not in use."""
        response.success, response.message = False, ''
        if request.name and request.name == self.selected:
            response.message = (f"recipe '{request.name}' is selected; select another one or none "
                                '(an empty name) first')
        elif self.fitting is not None and request.name == self.fitting.request.name:
            response.message = f"recipe '{request.name}' is being made; cancel that first"
        else:
            try:
                self.shelf.remove(request.name)
                response.success, response.message = True, f"recipe '{request.name}' is removed"
            except UserError as error:
                response.message = str(error)
        return response

    def on_calibrate(self, request, response):
        """Set the false-reject rate of a recipe anew."""
        response.success = False
        name = request.name or self.selected
        try:
            if not name:
                raise SettingError('no recipe is selected, so the request has to name one')
            band = None if request.review_band != request.review_band else request.review_band
            recipe = self.shelf.load(name).recalibrated(request.false_reject, band)
            recipe = rewrite_settings(self.shelf.path(name), recipe)
            if name == self.selected:
                self.examiner = Examiner(self.examiner.inspector, recipe)
        except (UserError, OSError) as error:
            response.message = str(error)
            return response
        response.success, response.message = True, recipe.calibration.score.sentence
        response.recipe = recipe_message(recipe, name == self.selected)
        self._changed()
        return response


def _places(recipes: str, recipe: str) -> tuple[Path, str]:
    """Return (folder of the recipes, name of the first one): `recipe` may be a path."""
    path = Path(recipe).expanduser()
    if recipe and (path.parent != Path('.') or recipe.endswith('/')):
        if recipes and Path(recipes).expanduser().resolve() != path.parent.resolve():
            raise SettingError(f"parameter 'recipe' is a name below 'recipes', or the folder of a "
                               f"recipe; got '{recipe}' and 'recipes' {recipes}: leave one of "
                               'them out')
        return path.parent, path.name
    return Path(recipes or 'recipes').expanduser(), recipe
