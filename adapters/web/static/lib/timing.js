/** Time: waiting for a while or until somebody has stopped typing, and answers in the order of their questions. */

/** Wait, unless the signal ends it first. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("", "AbortError"));
    });
  });
}

/** Make a function that runs `run` once nobody has called it for a while. */
export function debounce(run, milliseconds) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  };
}

/**
 * Make a function that asks and then uses the answer, unless a later question was answered before it.
 *
 * What is used is never older than what was used before, and a slow line shows something all the same.
 */
export function inOrder(ask, use) {
  let asked = 0;
  let answered = 0;
  return async (...given) => {
    const turn = (asked += 1);
    const answer = await ask(...given);
    if (turn < answered) return;
    answered = turn;
    await use(answer);
  };
}
