// The keyboard, the buttons, and the beginning.
const desk = new Desk(JSON.parse(document.body.dataset.setup));
const open = (id) => { if (!document.querySelector("dialog[open]")) byId(id).showModal(); };

function going() {
  const last = desk.task.turns - 1;
  byId("turn-number").value = "";
  byId("turn-number").max = last;
  byId("turn-range").textContent = `Turn, from 0 to ${last.toLocaleString("en")}`;
  open("going");
}

const KEYS = {
  j: () => desk.feed.read(1),
  k: () => desk.feed.read(-1),
  Home: () => desk.go(0),
  End: () => desk.go(desk.task.turns - 1),
  PageDown: () => { byId("feed").scrollTop += byId("feed").clientHeight * 0.9; },
  PageUp: () => { byId("feed").scrollTop -= byId("feed").clientHeight * 0.9; },
  g: () => going(),
  "[": () => desk.feed.step(-1),
  "]": () => desk.feed.step(1),
  ArrowDown: () => desk.form.step(1),
  ArrowUp: () => desk.form.step(-1),
  y: () => desk.tell(desk.form.say(desk.form.current, "yes")),
  n: () => desk.tell(desk.form.say(desk.form.current, "no")),
  r: () => desk.rest(),
  u: () => desk.give("unsure"),
  s: () => desk.give("skipped"),
  f: () => desk.forward(),
  Enter: () => enter(),
  " ": () => enter(),
};
for (const level of [0, 1, 2, 3]) KEYS[level] = () => desk.tell(desk.form.rate(level));

function enter() {
  if (desk.form.current === END) desk.save();
  else desk.tell(desk.form.cite(desk.feed.here));
}

// Tab goes from construct to construct, wherever one reads; at either end of the list it goes on, as everywhere.
function tab(event) {
  const inside = ["feed", "list", "detail"].some((id) => byId(id).contains(document.activeElement));
  const way = event.shiftKey ? -1 : 1, { current, order } = desk.form;
  const ending = current === END ? way > 0 : way < 0 && current === order[0];
  if (ending || !(inside || document.activeElement === byId("give"))) return;
  event.preventDefault();
  desk.inOrder(() => desk.form.step(way));
}

addEventListener("keydown", (event) => {
  desk.active = Date.now();
  const single = document.body.classList.contains("single"), view = document.body.dataset.view;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) {
    if (dialog.id === "asking" && single && event.key === "u") { event.preventDefault(); desk.answer("unsure"); }
    return;
  }
  if (event.isComposing || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.key === "Enter" && view === "work") { event.preventDefault(); desk.inOrder(() => desk.save()); }
    return;
  }
  const page = { PageDown: 1, PageUp: -1 }[event.key];
  if (!single && page && byId("feed").contains(event.target)) { // what screen readers expect of a feed
    event.preventDefault();
    desk.feed.read(page, true);
  }
  if (!single || event.target.closest("input, textarea, select")) return;
  const anywhere = { "?": () => open("helping"), p: () => open("paused"), b: () => desk.back() }[event.key];
  if (anywhere) {
    event.preventDefault();
    if (!event.repeat) anywhere();
    return;
  }
  if (view !== "work" || desk.busy) return;
  if (event.key === "Tab") return tab(event);
  // A button that one has gone to is pressed by Enter and Space, but for those that stand for a construct or its levels.
  const pressed = event.target.closest("button, summary");
  if ((event.key === "Enter" || event.key === " ") && pressed && !pressed.matches(".head, #give, .levels button, .choices button, .cite")) return;
  const reading = event.key === "j" || event.key === "k" || event.key.startsWith("Page") || event.key.startsWith("Arrow");
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  if (!event.repeat || reading) desk.inOrder(action); // a key held down gives no second label
});
addEventListener("pagehide", () => desk.leave());
addEventListener("pointerdown", () => { desk.active = Date.now(); });

const click = (id, action) => byId(id).addEventListener("click", action);
click("give", () => { desk.form.go(END, false); desk.save(); });
click("rest", () => desk.rest());
click("unsure", () => desk.give("unsure"));
click("skip", () => desk.give("skipped"));
click("back", () => desk.back());
click("done-back", () => desk.back());
click("forward", () => desk.forward());
click("pause", () => open("paused"));
click("place", going);
click("help", () => open("helping"));
click("resume", () => byId("paused").close());
click("helped", () => byId("helping").close());
click("cite-now", () => desk.answer("cite"));
click("as-unsure", () => desk.answer("unsure"));
click("without", () => desk.answer("labelled"));
byId("paused").addEventListener("close", () => desk.rested());
byId("going").addEventListener("close", () => { 
  const to = byId("turn-number").value;
  if (to !== "") desk.inOrder(() => desk.go(Number(to)));
});
byId("going").addEventListener("cancel", () => { byId("turn-number").value = ""; });

const single = byId("single");
single.checked = localStorage.getItem("single") !== "off";
const switched = () => {
  document.body.classList.toggle("single", single.checked);
  localStorage.setItem("single", single.checked ? "on" : "off");
};
single.addEventListener("change", switched);
switched();
desk.start();
