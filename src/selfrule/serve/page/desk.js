// What happens in order: who labels, the next conversation, drafts after every change, labels given, pauses.
const IDLE_SECONDS = 90; // without a key or a click: no longer counted as work
const LONG_SECONDS = 45 * 60; // of work at a stretch: a pause is suggested
const SILENT = "selfrule does not answer. Is it still running in its terminal? What you said stays here, and is saved once it answers.";

class Desk {
  constructor(setup) {
    this.setup = setup;
    this.labeller = setup.labeller || sessionStorage.getItem("labeller") || localStorage.getItem("labeller") || "";
    this.task = null;
    this.busy = true;
    this.dirty = false;
    this.changes = 0;
    this.stretch = 0;
    this.active = Date.now();
    this.feed = new Feed(byId("feed"), { cite: (turn) => this.tell(this.form.cite(turn)), moved: (turn) => this.moved(turn) });
    this.form = new Form(setup, { changed: () => this.changed(), jump: (turn) => this.inOrder(() => this.go(turn)) });
    setInterval(() => this.tick(), 1000);
  }

  async start() {
    history.replaceState(null, "", "/"); // the token is in the cookie now, and need not stand in the address
    if (!sessionStorage.getItem("welcomed")) {
      await this.welcome();
      sessionStorage.setItem("welcomed", "yes");
    }
    await this.open({});
  }

  // The warning, and the name if nobody said it yet.
  welcome() {
    const dialog = byId("welcome"), name = byId("name"), wrong = byId("name-wrong");
    byId("naming").hidden = Boolean(this.setup.labeller);
    name.value = this.labeller;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
    (this.setup.labeller ? byId("begin") : name).focus();
    name.select();
    return new Promise((done) => dialog.querySelector("form").addEventListener("submit", (event) => {
      this.labeller = this.setup.labeller || name.value.trim();
      wrong.hidden = Boolean(this.labeller);
      if (!this.labeller) {
        wrong.textContent = "A name is needed, so that your labels can be told from others'. Initials will do.";
        event.preventDefault();
        name.focus();
      } else done();
    }));
  }

  // Asks until there is an answer, or a reason why there is none.
  async patiently(path, body) {
    for (let tries = 0; ; tries++) {
      try {
        const got = await Server.ask(path, body);
        this.trouble(null);
        return got;
      } catch (error) {
        if (!passing(error)) throw error;
        this.trouble(error.status ? error.message : SILENT);
        await pause(Math.min(500 * 2 ** tries, 4000));
      }
    }
  }

  async open(which) {
    this.busy = true;
    try {
      await this.settled();
      await this.show(await this.patiently("open", { labeller: this.labeller, ...which }));
    } catch (error) {
      if (error.status === 404) this.tell(error.message);
      else if (error.status === 422 && !this.task) await this.renamed(error.message);
      else this.failed(error);
    } finally {
      this.busy = false;
    }
  }

  async renamed(reason) {
    const wrong = byId("name-wrong");
    wrong.textContent = reason;
    wrong.hidden = false;
    this.labeller = "";
    await this.welcome();
    await this.open({});
  }

  async show({ labeller, progress, task }) {
    byId("toast").classList.remove("on");
    this.labeller = labeller;
    for (const storage of [sessionStorage, localStorage]) storage.setItem("labeller", labeller); // this tab's, and the next one's first guess
    byId("who").textContent = labeller;
    this.task = task;
    this.progress(progress);
    if (!task) {
      this.feed.close();
      delete document.body.dataset.id;
      document.body.dataset.view = "done";
      byId("done").focus();
      return;
    }
    document.body.dataset.view = "work";
    const state = task.state, about = [plural(task.turns, "turn")];
    if (task.language) about.push(language(task.language));
    if (task.given) about.push({ labelled: "labelled before", unsure: "unsure before", skipped: "skipped before" }[task.given]);
    byId("title").textContent = `Conversation ${task.position.toLocaleString("en")}`;
    byId("about").textContent = about.join(" · ");
    byId("forward").hidden = !task.given;
    byId("back").disabled = !progress.given;
    this.quiet = true;
    this.form.open({ levels: state.levels, evidence: state.evidence, actualized: state.actualized, current: state.current, turn: state.turn, seconds: state.seconds });
    await this.feed.open(task.id, task.turns, state.turn);
    this.mark();
    this.place();
    if (this.form.current === END) byId("give").focus({ preventScroll: true });
    else this.feed.at(state.turn);
    this.quiet = this.busy = false; // from here on keys count
    document.body.dataset.id = task.id;
  }

  progress(progress) {
    const of = progress.of, left = Math.max(of - progress.given, 0);
    const bar = byId("bar");
    bar.setAttribute("aria-valuemax", of);
    bar.setAttribute("aria-valuenow", progress.given);
    bar.firstElementChild.style.width = `${of ? (100 * progress.given) / of : 100}%`;
    byId("count").textContent = `${progress.given.toLocaleString("en")} of ${of.toLocaleString("en")}`;
    const pace = progress.seconds ? `, ${duration(progress.seconds)} each` : "";
    const rest = progress.seconds && left && progress.today >= 5 ? `; about ${duration(progress.seconds * left)} left` : "";
    byId("pace").textContent = progress.today ? ` · ${progress.today.toLocaleString("en")} today${pace}${rest}` : "";
    const kinds = ["labelled", "unsure", "skipped"].filter((kind) => progress[kind]).map((kind) => `${progress[kind].toLocaleString("en")} ${kind}`);
    byId("done-count").textContent = progress.given ? `${plural(progress.given, "conversation")}: ${kinds.join(", ")}.` : "There is nothing in the queue for you.";
    byId("done-back").disabled = !progress.given;
  }

  mark() { this.feed.mark(Object.fromEntries(Object.entries(this.form.state.evidence).filter(([id]) => this.form.state.levels[id] !== 0)), this.form.names, this.form.current); }
  place() { byId("place").textContent = `at turn ${this.feed.here.toLocaleString("en")}, last is ${(this.task.turns - 1).toLocaleString("en")}`; }
  go(turn) { return this.feed.go(turn); }

  // Keys that were meant for a conversation that is gone by then do nothing.
  inOrder(action) {
    const task = this.task;
    inOrder(() => (task === this.task && !this.busy ? action() : undefined), (error) => this.failed(error));
  }

  moved(turn) {
    this.form.state.turn = turn;
    this.place();
    this.changed();
  }

  changed() {
    if (this.quiet || !this.task) return;
    this.mark();
    this.changes += 1;
    this.dirty = true;
    this.kept("saving", "Saving");
    this.pumping ??= this.pump().finally(() => { this.pumping = null; });
  }

  // One draft after another: while one is on its way, the next waits for it and holds all that came meanwhile.
  async pump() {
    while (this.dirty && this.task) {
      this.dirty = false;
      const changes = this.changes;
      try {
        await this.patiently("save", { labeller: this.labeller, id: this.task.id, base: this.task.base, state: this.form.state });
      } catch (error) {
        if (error.status !== 409) return this.failed(error);
        this.tell(error.message);
        setTimeout(() => this.open({}));
        return;
      }
      document.body.dataset.saved = changes;
    }
    this.kept("kept", "Saved");
  }

  // The tab is being closed: what has not been sent goes now.
  leave() {
    if (this.dirty && this.task) Server.ask("save", { labeller: this.labeller, id: this.task.id, base: this.task.base, state: this.form.state }).catch(() => {});
  }

  async settled() { while (this.pumping) await this.pumping; }

  // Gives a label; the next conversation comes only once this one is on the disk.
  async give(status) {
    if (this.busy || !this.task) return;
    this.busy = true;
    byId("give").disabled = true;
    const { id } = this.task, state = this.form.state;
    try {
      await this.settled();
      this.kept("saving", "Saving");
      const next = await this.patiently("give", { labeller: this.labeller, id, status, state });
      this.kept("kept", "Saved");
      await this.show(next);
      if (status !== "labelled") this.tell(status === "unsure" ? "Saved as unsure. b goes back to it." : "Skipped. b goes back to it.");
    } catch (error) {
      this.failed(error);
    } finally {
      this.busy = false;
      byId("give").disabled = false;
    }
  }

  save() {
    if (this.busy || !this.task) return;
    const missing = this.form.missing(), uncited = this.form.uncited();
    if (missing.length) {
      this.form.go(missing[0]);
      this.tell(`${plural(missing.length, "level")} to go. r: the rest none. u: unsure.`);
    } else if (uncited.length) this.ask(uncited);
    else this.give("labelled");
  }

  ask(uncited) {
    byId("uncited").replaceChildren(...uncited.map((id) => make("li", { text: `${this.form.names[id]}: ${this.setup.levels[this.form.state.levels[id]]}` })));
    this.asked = uncited[0];
    byId("asking").showModal();
  }

  answer(how) {
    byId("asking").close();
    if (how === "cite") this.form.go(this.asked);
    else this.give(how);
  }

  rest() {
    const made = this.form.rest();
    this.tell(made ? `${plural(made, "level")} none. Enter saves.` : "Every level is given. Enter saves.");
  }

  back() { if (!this.busy) this.open({ before: this.task?.id ?? "f".repeat(32) }); }
  forward() { if (!this.busy && this.task?.given) this.open({ after: this.task.id }); }

  tick() {
    const resting = document.hidden || document.querySelector("dialog[open]") || Date.now() - this.active > IDLE_SECONDS * 1000;
    if (!this.task || this.busy || resting) return;
    this.form.state.seconds += 1;
    this.stretch += 1;
    if (this.stretch === LONG_SECONDS) this.tell("You have been reading for three quarters of an hour. p pauses; everything is saved.");
  }

  rested() { this.stretch = 0; }

  kept(state, words) {
    byId("kept").dataset.state = state;
    byId("kept").firstElementChild.textContent = words;
  }

  tell(words) {
    if (!words) return;
    const toast = byId("toast");
    toast.textContent = words;
    toast.classList.add("on");
    clearTimeout(this.telling);
    this.telling = setTimeout(() => toast.classList.remove("on"), 3500);
  }

  trouble(words) {
    const bar = byId("trouble");
    bar.textContent = words ?? "";
    bar.hidden = !words;
    if (words) this.kept("lost", "Not saved");
  }

  failed(error) {
    if (error.status === undefined) return setTimeout(() => { throw error; });
    if (error.status === 0) return this.trouble(SILENT);
    this.trouble(error.status === 403 ? "selfrule was started anew: open the page at the address that it printed. What you said up to here is saved." : error.message);
  }
}

function language(code) {
  try { return new Intl.DisplayNames(["en"], { type: "language" }).of(code); } catch { return code; }
}
function duration(seconds) {
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
