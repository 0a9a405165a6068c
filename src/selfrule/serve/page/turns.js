// The conversation: a window of its turns in the page, which moves as one reads. Whatever they say is text, never markup.
const ROLES = { user: "Person", assistant: "Assistant", system: "System", tool: "Tool", other: "Other" };
const MOST_IN_PAGE = 160;

class Feed {
  constructor(element, { cite, moved }) {
    this.element = element;
    this.cite = cite;
    this.moved = moved;
    this.total = 0;
    this.loading = Promise.resolve();
    element.addEventListener("scroll", () => { this.follow(); this.fill(); }, { passive: true });
    addEventListener("resize", () => { this.show(this.here); this.fill(); });
  }

  async open(id, total, here) {
    Object.assign(this, { id, total, here, first: here, last: here, turns: new Map(), filling: null, opened: Symbol("opened") });
    this.element.replaceChildren();
    this.element.setAttribute("aria-busy", "true");
    this.element.scrollTop = 0;
    if (total) await this.load(false);
    await this.fill();
    this.element.setAttribute("aria-busy", "false");
    this.show(here);
  }

  close() {
    this.opened = null;
    this.element.replaceChildren();
    this.total = 0;
  }

  // Loads what comes after the window, or before it; drops what is far on the other side. One at a time.
  load(back) {
    const opened = this.opened, done = this.loading.then(() => this.loadNow(back, opened));
    this.loading = done.catch(() => {});
    return done;
  }

  async loadNow(back, opened) {
    if (opened !== this.opened || (back ? this.first === 0 : this.last === this.total)) return;
    const got = await Server.query("turns", { id: this.id, from: back ? this.first : this.last, way: back ? "back" : "on" });
    if (opened !== this.opened) return;
    const view = this.element, before = view.scrollHeight, top = view.scrollTop;
    const made = got.map((turn) => this.make(turn));
    if (back) {
      view.prepend(...made);
      this.first -= made.length;
      view.scrollTop = top + view.scrollHeight - before;
      for (; this.last - this.first > MOST_IN_PAGE && this.last - 1 > this.here; this.last--) this.drop(this.last - 1);
    } else {
      view.append(...made);
      this.last += made.length;
      const height = view.scrollHeight, now = view.scrollTop;
      for (; this.last - this.first > MOST_IN_PAGE && this.first < this.here; this.first++) this.drop(this.first);
      view.scrollTop = now - (height - view.scrollHeight);
    }
    if (this.last === this.total && !view.querySelector(".end")) view.append(make("p", { class: "end", text: "End of the conversation" }));
    this.marked?.();
  }

  drop(index) {
    this.turns.get(index).remove();
    this.turns.delete(index);
    if (index === this.total - 1) this.element.querySelector(".end")?.remove();
  }

  fill() {
    this.filling ??= this.filled().finally(() => { this.filling = null; });
    return this.filling;
  }

  async filled() {
    const view = this.element;
    for (let tries = 0; this.opened && tries < 20; tries++) {
      const near = 1.5 * view.clientHeight;
      const on = this.last < this.total && view.scrollHeight - view.scrollTop - view.clientHeight < near;
      const back = this.first > 0 && view.scrollTop < near;
      if (!on && !back) return;
      try {
        await this.load(!on);
      } catch (error) {
        if (!passing(error)) throw error;
        await pause(1000);
      }
    }
  }

  make(turn) {
    const role = ROLES[turn.role] ?? ROLES.other;
    const number = make("button", {
      type: "button", class: turn.index > 9999 ? "cite long" : "cite", tabindex: "-1", "aria-pressed": "false",
      "aria-label": `Cite turn ${turn.index}`, text: turn.index, title: "Cite this turn for the construct you are at",
    });
    number.addEventListener("click", () => { this.at(turn.index, false); this.cite(turn.index); });
    const text = make("div", { class: "text", dir: "auto", text: turn.text });
    const line = make("p", { class: "line" }, make("span", { class: "role", text: role }));
    if (turn.at) line.append(make("span", { text: turn.at }));
    line.append(make("span", { class: "tags" }));
    const element = make(
      "article",
      {
        class: "turn", tabindex: "-1", "data-index": turn.index, "data-role": turn.role, "aria-posinset": turn.index + 1,
        "aria-setsize": this.total, "aria-label": `Turn ${turn.index}, ${role}`,
      },
      number, line, text,
    );
    if (!turn.text.trim()) text.replaceChildren(make("span", { class: "soft", text: turn.length ? "(white space alone)" : "(empty)" }));
    if (turn.pieces > 1) element.append(this.pieces(turn, text));
    element.addEventListener("mousedown", () => this.at(turn.index, false));
    element.addEventListener("focus", () => this.at(turn.index, false));
    this.turns.set(turn.index, element);
    return element;
  }

  // A very long turn is read piece by piece: one is in the page at a time.
  pieces(turn, text) {
    const where = make("span"), opened = this.opened;
    let piece = turn.piece;
    const say = () => { where.textContent = `piece ${(piece + 1).toLocaleString("en")} of ${plural(turn.pieces, "piece")}, ${plural(turn.length, "character")} in all`; };
    const turnTo = async (to) => {
      to = Math.min(Math.max(to, 0), turn.pieces - 1);
      if (to === piece) return;
      let got;
      try { got = await Server.query("piece", { id: this.id, turn: turn.index, piece: to }); } catch (error) { if (passing(error)) return; throw error; }
      if (opened !== this.opened) return;
      piece = got.piece;
      text.textContent = got.text;
      say();
      this.show(turn.index, true);
    };
    say();
    const bar = make("div", { class: "pieces" });
    const button = (name, label, to) => bar.append(make("button", { type: "button", tabindex: "-1", text: name, "aria-label": label, onclick: () => turnTo(to()) }));
    button("«", "First piece", () => 0);
    button("‹ [", "Earlier piece", () => piece - 1);
    button("] ›", "Later piece", () => piece + 1);
    button("»", "Last piece", () => turn.pieces - 1);
    bar.append(where);
    bar.step = (by) => turnTo(piece + by);
    return bar;
  }

  step(by) { this.turns.get(this.here)?.querySelector(".pieces")?.step(by); }

  // Makes a turn the one that is read; with `focus` the keyboard goes there too.
  at(index, focus = true) {
    const old = this.turns.get(this.here), element = this.turns.get(index);
    if (old !== element) {
      old?.classList.remove("here");
      old?.removeAttribute("aria-current");
      if (old) this.reach(old, -1);
    }
    const changed = index !== this.here;
    this.here = index;
    if (!element) return;
    element.classList.add("here");
    element.setAttribute("aria-current", "true");
    this.reach(element, 0);
    if (focus) element.focus({ preventScroll: true });
    if (changed) this.moved(index);
  }

  // Tab comes to the turn that is read and its buttons, not to every turn on the way.
  reach(element, index) { for (const part of [element, ...element.querySelectorAll("button")]) part.tabIndex = index; }

  // Whoever scrolls away from the turn they were at is at the first one in view: never is a turn cited that cannot be seen.
  follow() {
    const old = this.turns.get(this.here), view = this.element.getBoundingClientRect();
    if (!this.opened || !old || this.element.getAttribute("aria-busy") === "true") return;
    const box = old.getBoundingClientRect();
    if (box.bottom > view.top + 8 && box.top < view.bottom - 8) return;
    for (const [index, element] of [...this.turns].sort(([a], [b]) => a - b)) {
      if (element.getBoundingClientRect().bottom <= view.top + 40) continue;
      return this.at(index, this.element.contains(document.activeElement));
    }
  }

  // Brings a turn into view, its beginning if it is taller than the view.
  show(index, top = false) {
    const element = this.turns?.get(index);
    if (!element) return;
    this.at(index, false);
    const view = this.element.getBoundingClientRect(), box = element.getBoundingClientRect();
    if (top || box.top < view.top + 8 || box.height > view.height - 16) this.element.scrollTop += box.top - view.top - 8;
    else if (box.bottom > view.bottom - 8) this.element.scrollTop += Math.min(box.bottom - view.bottom + 24, box.top - view.top - 8);
  }

  // Reads on (1) or back (-1): within a turn that is taller than the view unless `whole`, else to the next.
  async read(way, whole = false) {
    const element = this.turns.get(this.here);
    if (!element) return;
    const view = this.element.getBoundingClientRect(), box = element.getBoundingClientRect();
    const page = this.element.clientHeight * 0.8;
    if (!whole && way > 0 && box.bottom > view.bottom + 2 && box.top < view.bottom) this.element.scrollTop += Math.min(page, box.bottom - view.bottom + 24);
    else if (!whole && way < 0 && box.top < view.top - 2 && box.bottom > view.top) this.element.scrollTop -= Math.min(page, view.top - box.top + 8);
    else {
      const next = this.here + way;
      if (next < 0 || next >= this.total) return;
      if (!this.turns.has(next)) await this.load(way < 0);
      if (!this.turns.has(next)) return;
      this.at(next);
      const now = this.turns.get(next).getBoundingClientRect();
      if (way < 0 && now.height > view.height - 16) this.element.scrollTop += now.bottom - view.bottom + 24;
      else this.show(next);
    }
    this.fill();
  }

  // Goes to any turn, however far.
  async go(index) {
    index = Math.min(Math.max(index, 0), this.total - 1);
    if (!this.turns.has(index)) {
      await this.open(this.id, this.total, index);
      this.moved(index);
    }
    this.at(index);
    this.show(index, true);
  }

  // Shows which turns are cited, and for what.
  mark(evidence, names, current) {
    this.marked = () => {
      for (const [index, element] of this.turns) {
        const cited = Object.keys(evidence).filter((id) => evidence[id].includes(index));
        const button = element.querySelector(".cite"), now = cited.includes(current);
        button.setAttribute("aria-pressed", String(now));
        element.querySelector(".tags").replaceChildren(...cited.map((id) => make("span", { class: id === current ? "now" : "", text: names[id] })));
      }
    };
    this.marked();
  }
}
