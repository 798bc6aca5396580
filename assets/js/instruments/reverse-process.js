/**
 * The reverse process, live: the network of the notes draws, step by step, in the reader's browser.
 *
 * What a reader asks for comes from `controls`, what is computed from `session`, and `view` shows it.
 */

import { Controls } from "./reverse-process/controls.js";
import { Session } from "./reverse-process/session.js";
import { View } from "./reverse-process/view.js";
import { missing } from "./parts/network.js";
import { element, fetchJson } from "./parts/widgets.js";

/** @type {import("./loader.js").Mount} */
export async function mount(panel, file) {
  /** @type {[import("./reverse-process/session.js").Model[], import("./reverse-process/view.js").Stored[]]} */
  const [models, stored] = await Promise.all([fetchJson(file("models.json")), fetchJson(file("stored.json"))]);
  const halt = () => session.halt();
  const view = new View(halt);
  view.recall(stored);
  if (missing()) {
    panel.append(view.main.wrap, element("p", {}, `${missing()} These chains were computed before.`));
    return () => {};
  }
  const session = new Session(file, view, refresh);
  const controls = new Controls(models, {
    chosen: foretell,
    sample: () => attempt(sample),
    stop: () => (session.isGoing ? halt() : attempt(() => session.proceed())),
    branch: () => attempt(() => session.branch()),
    interpolate: () => attempt(() => session.interpolate()),
  });
  panel.append(view.main.wrap, ...controls.rows, view.state, view.progress, controls.further, view.second.wrap);
  controls.offer();
  refresh();
  return halt;

  async function sample() {
    halt();
    const choices = controls.choices();
    await session.sample(controls.model, choices, () => (controls.seed = choices.seed));
  }

  /** Say what pressing Sample will load, if it will and the server knows. */
  async function foretell() {
    if (session.isBusy) return;
    view.says("");
    const wanted = controls.model;
    const said = await session.weightOf(wanted);
    if (said && !session.isBusy && wanted === controls.model) view.says(said);
  }

  function refresh() {
    controls.refresh(session);
  }

  /**
   * Do what a button asks for, and say why if it cannot be done.
   * @param {() => Promise<void>} action
   */
  async function attempt(action) {
    try {
      await action();
    } catch (error) {
      view.failed(error);
    }
    refresh();
  }
}
