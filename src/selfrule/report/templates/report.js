// The page reads whole without this. It lets a table be sorted by a column, opens closed tables for print, and opens
// the pattern that a circle of the map leads to, where a browser does not.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const of = (row) => row.cells[column].dataset.v, sign = down ? -1 : 1;
      body.append(...[...body.rows].sort((a, b) => {
        const x = of(a), y = of(b);
        if (x === undefined || y === undefined) {
          if (x !== y) return x === undefined ? 1 : -1;
          return sign * a.cells[column].textContent.localeCompare(b.cells[column].textContent);
        }
        return sign * (x - y);
      }));
    });
  });
}
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open], .all)")];
  for (const d of closed) d.open = true;
});
addEventListener("afterprint", () => { for (const d of closed) d.open = false; });
const reveal = () => {
  const place = location.hash.startsWith("#pattern-") && document.getElementById(location.hash.slice(1));
  if (!place) return;
  for (let d = place.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  place.closest("details").scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
