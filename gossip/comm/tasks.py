"""The background tasks of one long-lived object: none outlives it, and none fails unheard."""

import asyncio
import logging
from collections.abc import Coroutine

logger = logging.getLogger("gossip.comm")


class Tasks:
    """Starts tasks, and ends those that are left when its owner closes.

    Unlike :class:`asyncio.TaskGroup` it may be closed from another task than the one that made it, as ``stop`` must be.
    """

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[None], None] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Run ``work``; what it raises is logged, since nobody waits for it."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running[task] = None
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Cancel what is left and wait for its end.

        Cancellation: the tasks are cancelled all the same.
        """
        try:
            await asyncio.sleep(0)  # a task that is cancelled before its first step cannot clean up
        finally:
            left = [task for task in self._running if task is not asyncio.current_task()]
            for task in left:
                task.cancel()
        if left:
            await asyncio.wait(left)
