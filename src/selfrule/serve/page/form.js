// The levels: seven constructs, one of them current, and the end of the list, where Enter saves.
const END = "end";

class Form {
  constructor(setup, { changed, jump }) {
    this.setup = setup;
    this.changed = changed;
    this.jump = jump;
    this.order = setup.constructs.map((construct) => construct.id);
    this.names = Object.fromEntries(setup.constructs.map((construct) => [construct.id, construct.name]));
    this.markers = Object.fromEntries(setup.constructs.map((construct) => [construct.id, construct.marker]));
    this.heads = Object.fromEntries(this.order.map((id) => [id, byId(`head-${id}`)]));
    this.parts = Object.fromEntries(this.order.map((id) => [id, byId(`body-${id}`)]));
    for (const id of this.order) this.listen(id);
  }

  listen(id) {
    const part = this.parts[id], head = this.heads[id];
    head.addEventListener("click", () => this.go(id));
    head.addEventListener("focus", () => this.go(id, false));
    head.addEventListener("keydown", (event) => {
      const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!way || document.body.classList.contains("single")) return;
      event.preventDefault();
      const next = this.order[this.order.indexOf(id) + way];
      if (next) this.go(next);
    });
    for (const option of part.querySelectorAll("[data-level]")) {
      option.addEventListener("click", () => { this.go(id, false); this.rate(Number(option.dataset.level), false); });
    }
    for (const option of part.querySelectorAll("[data-marker]")) option.addEventListener("click", () => this.say(id, option.dataset.marker));
    // With single keys off these are plain radio groups: arrows choose within them.
    for (const group of part.querySelectorAll("[role=radiogroup]")) {
      group.addEventListener("keydown", (event) => {
        const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!way || document.body.classList.contains("single")) return;
        event.preventDefault();
        const options = [...group.querySelectorAll("[role=radio]")], at = options.indexOf(document.activeElement);
        const next = options[(at + way + options.length) % options.length];
        next.click();
        next.focus();
      });
    }
  }

  open(state) {
    this.state = state;
    for (const part of Object.values(this.parts)) part.querySelector("details")?.removeAttribute("open");
    this.current = null;
    const start = state.current === END || this.order.includes(state.current) ? state.current : this.order[0];
    this.draw();
    this.go(start, false);
  }

  cited(id) { return this.state.evidence[id] ?? []; }
  missing() { return this.order.filter((id) => !(id in this.state.levels)); }
  uncited() { return this.order.filter((id) => this.state.levels[id] > 0 && !this.cited(id).length); }

  // Moves to a construct, or to the end; with `focus` the keyboard goes there too.
  go(id, focus = true) {
    if (id !== this.current) {
      this.current = this.state.current = id;
      this.draw();
      this.reveal();
      this.changed();
    }
    if (focus) (id === END ? byId("give") : this.heads[id]).focus({ preventScroll: true });
  }

  // The chosen level in view, or the beginning where none is.
  reveal() {
    const detail = byId("detail"), chosen = this.parts[this.current]?.querySelector("[data-level][aria-checked=true]");
    if (!chosen) detail.scrollTop = 0;
    chosen?.scrollIntoView({ block: "nearest" });
  }

  step(way) {
    const stops = [...this.order, END];
    const at = stops.indexOf(this.current) + way;
    if (at >= 0 && at < stops.length) this.go(stops[at]);
  }

  rate(level, onwards = true) {
    if (this.current === END) return "Go to a construct first: Tab, or the up arrow.";
    this.state.levels[this.current] = level;
    this.draw();
    this.changed();
    if (level === 0 && onwards) this.step(1);
    else this.reveal();
    return null;
  }

  cite(turn) {
    const id = this.current;
    if (id === END) return "Go to a construct first: Tab, or the up arrow.";
    if (this.state.levels[id] === 0) return `${this.names[id]} is none here, and none rests on no turn.`;
    const cited = new Set(this.cited(id));
    if (!cited.delete(turn)) cited.add(turn);
    this.state.evidence[id] = [...cited].sort((a, b) => a - b);
    this.draw();
    this.changed();
    return null;
  }

  say(id, word) {
    const marker = this.markers[id];
    if (!marker) return "Whether it has happened is asked of the three primitives alone.";
    const now = this.state.actualized[marker] ?? "unknown";
    this.state.actualized[marker] = word === now ? "unknown" : word;
    this.draw();
    this.changed();
    return null;
  }

  rest() {
    const missing = this.missing();
    for (const id of missing) this.state.levels[id] = 0;
    this.go(END);
    this.draw();
    this.changed();
    return missing.length;
  }

  draw() {
    for (const id of this.order) this.drawOne(id);
    const missing = this.missing().length, give = byId("give");
    give.classList.toggle("wanting", missing > 0);
    byId("giving").textContent = missing ? `${this.order.length - missing} of ${this.order.length} levels given` : "Save and next";
    byId("rest").disabled = !missing;
  }

  drawOne(id) {
    const part = this.parts[id], head = this.heads[id], level = this.state.levels[id], cited = level === 0 ? [] : this.cited(id);
    // at the end of the list the last construct stays in sight
    const now = id === this.current, shown = now || (this.current === END && id === this.order.at(-1));
    head.setAttribute("aria-selected", String(now));
    head.tabIndex = shown ? 0 : -1;
    part.hidden = !shown;
    const value = head.querySelector(".value"), marker = this.state.actualized[this.markers[id]] ?? "unknown";
    value.replaceChildren(level === undefined ? "not yet" : this.setup.levels[level]);
    if (cited.length) value.append(` · ${cited.length > 2 ? plural(cited.length, "turn") : `${cited.length > 1 ? "turns" : "turn"} ${cited.join(", ")}`}`);
    if (marker !== "unknown") value.append(make("span", { class: "more", text: marker === "yes" ? " · happened" : " · not happened" }));
    if (level === undefined) delete value.dataset.level; else value.dataset.level = level;
    const check = (options, is) => options.forEach((option, number) => {
      option.setAttribute("aria-checked", String(is(option)));
      option.tabIndex = is(option) || (number === 0 && !options.some(is)) ? 0 : -1;
    });
    check([...part.querySelectorAll("[data-level]")], (option) => Number(option.dataset.level) === level);
    check([...part.querySelectorAll("[data-marker]")], (option) => option.dataset.marker === marker);
    const chips = part.querySelector(".chips");
    if (level === 0) chips.replaceChildren("none needed");
    else if (!cited.length) chips.replaceChildren("none yet: ", make("kbd", { text: "Enter" }), " cites the one you are at");
    else chips.replaceChildren(...cited.map((turn) => make("button", { type: "button", text: turn, "aria-label": `Go to turn ${turn}`, onclick: () => this.jump(turn) })));
  }
}
