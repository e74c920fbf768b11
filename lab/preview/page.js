"use strict";
// Draws the figures that the page holds, and makes their series, points and times lead on.
(() => {
  const live = document.querySelector("form.controls");
  const config = { displayModeBar: false, responsive: true, doubleClick: live ? false : "reset" };
  const alone = new Map(); // Panel's id -> the name of the one series that it shows.
  const sorted = new Map(); // Panel's id -> the column that its table is sorted by, and whether down.

  function open(parameters) {
    const url = new URL(location);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    location.assign(url);
  }

  // One link is followed, several are offered where the pointer is.
  function follow(links, event) {
    document.getElementById("menu")?.remove();
    if (links.length === 1) return location.assign(links[0][1]);
    if (!links.length) return;
    const menu = document.createElement("div");
    menu.id = "menu";
    menu.style.left = `${event.pageX}px`;
    menu.style.top = `${event.pageY}px`;
    for (const [title, address] of links) {
      const link = document.createElement("a");
      link.textContent = title;
      link.href = address;
      menu.append(link);
    }
    document.body.append(menu);
  }

  // Of all points at the pointer's time, the one that is nearest to it.
  function nearest(plot, event) {
    const top = plot.getBoundingClientRect().top + plot._fullLayout._size.t;
    const distance = (each) => Math.abs(each.yaxis.d2p(each.y) + top - event.event.clientY);
    return event.points.reduce((best, each) => (distance(each) < distance(best) ? each : best));
  }

  function clicked(plot, event) {
    const point = nearest(plot, event);
    if (point.customdata) return follow([["One call's trace", point.customdata]], event.event);
    follow(point.data.meta?.links ?? [], event.event);
  }

  function zoomed(change) {
    const times = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (!live || times.includes(undefined)) return;
    const [from, to] = times.map((each) => Math.round(Date.parse(each.replace(" ", "T") + "Z")));
    open({ from, to });
  }

  // Shows one series alone on an axis of its own, or all.
  function apply(section, figure) {
    const chosen = figure.data.find((each) => each.meta && each.name === alone.get(section.id));
    for (const trace of figure.data) if (trace.meta) trace.visible = !chosen || trace === chosen;
    if (chosen) Object.assign(figure.layout.yaxis, chosen.meta.axis);
    for (const row of section.querySelectorAll("tr[data-trace]")) {
      row.classList.toggle("off", figure.data[row.dataset.trace].visible === false);
    }
    return figure;
  }

  function draw(section, plot) {
    const figure = apply(section, JSON.parse(section.querySelector("script").textContent));
    const drawn = plot.classList.contains("js-plotly-plot");
    Plotly.react(plot, figure.data, figure.layout, config);
    if (drawn) return;
    plot.on("plotly_click", (event) => clicked(plot, event));
    plot.on("plotly_relayout", zoomed);
  }

  function drawAll() {
    for (const plot of document.querySelectorAll(".plot")) draw(plot.closest("section"), plot);
  }

  function sortRows(section) {
    const [column, down] = sorted.get(section.id) ?? [];
    if (column === undefined) return;
    const body = section.querySelector("table.rows").tBodies[0];
    const key = ({ cells }) => (cells[column].dataset.value === undefined ? cells[column].textContent : Number(cells[column].dataset.value));
    const order = (a, b) => (key(a) > key(b)) - (key(a) < key(b));
    body.append(...[...body.rows].sort((a, b) => (down ? order(b, a) : order(a, b))));
  }

  document.addEventListener("click", ({ target }) => {
    if (!target.closest("#menu, .plot")) document.getElementById("menu")?.remove();
    const [head, row] = [target.closest("table.rows th"), target.closest("tr[data-trace]")];
    const section = target.closest("section");
    if (head) {
      const [column, down] = sorted.get(section.id) ?? [];
      sorted.set(section.id, [head.cellIndex, column !== head.cellIndex || !down]);
      sortRows(section);
    }
    if (!row) return;
    const name = section.querySelector(".plot").data[row.dataset.trace].name;
    alone.get(section.id) === name ? alone.delete(section.id) : alone.set(section.id, name);
    draw(section, section.querySelector(".plot"));
  });

  // The same page asked for again: what it shows is put in place, what is drawn is drawn over.
  async function refresh() {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(await answer.text());
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector(".time summary").title = fresh.querySelector(".time summary").title;
    for (const section of fresh.querySelectorAll("section")) {
      const old = document.getElementById(section.id);
      if (old.querySelector("details[open]")) continue;
      const [plot, empty] = [old.querySelector(".plot"), section.querySelector(".plot")];
      if (plot && empty) empty.replaceWith(plot);
      const scrolled = old.querySelector(".body").scrollTop;
      old.replaceWith(section);
      section.querySelector(".body").scrollTop = scrolled;
      sortRows(section);
    }
    drawAll();
  }

  async function refreshOnce() {
    if (document.hidden) return;
    let problem = "";
    await refresh().catch((wrong) => (problem = `not refreshed: ${wrong.message}`));
    document.getElementById("problem").textContent = problem;
  }

  if (live) {
    const seconds = { s: 1, m: 60 };
    const every = live.elements.refresh.value;
    const again = () => setTimeout(() => refreshOnce().then(again), parseInt(every) * 1000 * seconds[every.at(-1)]);
    if (every !== "off") again();
    live.addEventListener("change", ({ target }) => {
      if (target.name !== "from" && target.name !== "to") live.requestSubmit();
    });
    live.addEventListener("submit", () => {
      for (const field of live.elements) field.disabled = !field.value && field.name !== "";
    });
  }
  drawAll();
  document.body.dataset.drawn = "";
})();
