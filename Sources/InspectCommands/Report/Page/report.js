"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const byID = (id) => document.getElementById(id);

  // Everything that comes from the file goes through here as text, never as markup.
  const make = (name, options = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(options)) {
      if (key === "text") element.textContent = value;
      else if (key === "class") element.className = value;
      else if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };

  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const bytes = (count) => {
    let unit = 0;
    while (count >= 1024 && unit < 4) { count /= 1024; unit += 1; }
    return `${unit === 0 ? count : count.toFixed(count < 10 ? 2 : count < 100 ? 1 : 0)} ${units[unit]}`;
  };
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const whole = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, " ");
  const figure = (value) => {
    if (value === null || value === undefined) return "–";
    if (typeof value === "string") return value;
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  };
  const plural = (count, noun) => `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;

  // Colours

  const redrawn = [];
  const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  const theme = byID("theme");
  const themes = ["auto", "light", "dark"];
  const isDarkOutside = matchMedia("(prefers-color-scheme: dark)");
  // A page from a file may have no storage.
  const remembered = () => { try { return localStorage.getItem("moe-report-theme"); } catch { return null; } };
  let chosenTheme = themes.includes(remembered()) ? remembered() : "auto";
  const applyTheme = () => {
    const isDark = chosenTheme === "dark" || (chosenTheme === "auto" && isDarkOutside.matches);
    root.dataset.theme = isDark ? "dark" : "light";
    theme.textContent = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[chosenTheme];
    theme.setAttribute("aria-label", `Colours: ${chosenTheme}`);
    for (const draw of redrawn) draw();
  };
  theme.addEventListener("click", () => {
    chosenTheme = themes[(themes.indexOf(chosenTheme) + 1) % 3];
    try { localStorage.setItem("moe-report-theme", chosenTheme); } catch { /* not kept */ }
    applyTheme();
  });
  isDarkOutside.addEventListener("change", applyTheme);

  /// A row of buttons of which one is chosen.
  const choice = (place, options, chosen, choose) => {
    const buttons = options.map(([value, label]) => make("button", {
      type: "button", text: label, "aria-pressed": String(value === chosen),
      on: {
        click: (event) => {
          for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
          choose(value);
        },
      },
    }));
    place.replaceChildren(...buttons);
  };

  // Tensors, as columns

  const columns = data.tensors;
  const tensorCount = columns.template.length;
  const names = new Array(tensorCount);
  {
    let next = 0;
    for (let index = 0; index < tensorCount; index += 1) {
      const texts = data.templates[columns.template[index]];
      let name = texts[0];
      for (let place = 1; place < texts.length; place += 1) { name += columns.numbers[next] + texts[place]; next += 1; }
      names[index] = name;
    }
  }
  const layerLabel = (bank) => data.layers[bank].layer === null ? data.layers[bank].path : String(data.layers[bank].layer);
  const ratio = (index) => columns.decoded[index] === 0 ? 1 : columns.stored[index] / columns.decoded[index];

  // Head

  const file = data.file;
  document.title = `${file.name} · moe-inspect report`;
  byID("kind").textContent = file.family !== "" ? file.family : data.layers.length > 0 ? "Mixture of experts" : "Model";
  byID("title").textContent = file.name;
  const moeLayers = data.layers.length;
  const expertTotal = data.layers.reduce((sum, layer) => sum + layer.experts, 0);
  byID("lead").textContent = moeLayers === 0
    ? `${plural(file.tensors, "tensor")}, no MoE layers · format ${file.version}`
    : `${plural(moeLayers, "MoE layer")}, ${whole(expertTotal)} experts · ${data.layers[0].router} · format ${file.version}`;
  {
    const share = file.decoded === 0 ? 1 : file.stored / file.decoded;
    const expertBytes = data.layers.reduce((sum, layer) => sum + layer.expertDecoded, 0);
    const used = data.layers.reduce((sum, layer) => sum + layer.expertDecoded * Math.min(1, layer.used / Math.max(1, layer.experts)), 0);
    const figures = [
      ["Tensors", bytes(file.decoded), `${plural(file.tensors, "tensor")}${file.aliases ? `, ${plural(file.aliases, "alias").replace("aliass", "aliases")}` : ""}`],
      ["Stored in", bytes(file.stored), `file of ${bytes(file.bytes)}`],
      ["Saved", share < 1 ? percent(1 - share) : "nothing", share < 1 ? "no bit lost" : "too small, or stored as it is"],
    ];
    if (expertTotal > 0) {
      figures.push(["In experts", percent(file.decoded === 0 ? 0 : expertBytes / file.decoded), `${bytes(expertBytes)} of weights`]);
      figures.push(["Used by a token", percent(expertBytes === 0 ? 0 : used / expertBytes), "of the experts’ bytes"]);
    }
    if (data.trace !== null && data.trace.budget !== null) {
      const uses = data.trace.hits + data.trace.misses;
      figures.push(["Cache hits", percent(uses === 0 ? 0 : data.trace.hits / uses), `budget ${bytes(data.trace.budget)}; at best ${percent(uses === 0 ? 0 : data.trace.belady / uses)}`]);
    }
    byID("figures").replaceChildren(...figures.map(([title, value, note]) => make("div", { class: "figure" },
      make("dt", { text: title }), make("dd", { text: value }), make("div", { class: "note", text: note }))));
  }

  // Treemap: squarified (Bruls, Huizing and van Wijk 2000), two levels deep.

  const kinds = [
    ["gate", "Gate"], ["up", "Up"], ["fused", "Gate and up"], ["down", "Down"], ["linear", "Experts"], ["bias", "Expert biases"], ["shared", "Shared experts"], ["router", "Router"],
    ["scale", "Scales"], ["attention", "Attention"], ["norm", "Norms"], ["embedding", "Embedding, head"], ["other", "Other"],
  ];
  const squarify = (items, x, y, width, height) => {
    const total = items.reduce((sum, item) => sum + item.size, 0);
    const placed = [];
    if (total <= 0 || width <= 0 || height <= 0) return placed;
    const scale = (width * height) / total;
    // Nearly equal sizes keep their order, so that layers look alike.
    const step = (item) => Math.round(Math.log(item.size) * 6);
    let rest = items.filter((item) => item.size > 0).sort((a, b) => step(b) - step(a) || a.order - b.order);
    while (rest.length > 0) {
      const side = Math.min(width, height);
      let count = 0, sum = 0, worst = Infinity;
      const largest = rest[0].size * scale;
      while (count < rest.length) {
        const next = sum + rest[count].size * scale;
        const smallest = rest[count].size * scale;
        const candidate = Math.max((side * side * largest) / (next * next), (next * next) / (side * side * Math.max(smallest, 1e-9)));
        if (candidate > worst) break;
        worst = candidate; sum = next; count += 1;
      }
      const thickness = sum / side;
      let along = 0;
      for (const item of rest.slice(0, count)) {
        const length = (item.size * scale) / thickness;
        placed.push(width >= height
          ? { item, x, y: y + along, width: thickness, height: length }
          : { item, x: x + along, y, width: length, height: thickness });
        along += length;
      }
      if (width >= height) { x += thickness; width -= thickness; } else { y += thickness; height -= thickness; }
      rest = rest.slice(count);
    }
    return placed;
  };

  /// Rows from left to right in the items' own order, as many as make the items squarest.
  const strips = (items, width, height) => {
    const present = items.filter((item) => item.size > 0);
    const total = present.reduce((sum, item) => sum + item.size, 0);
    const arrange = (count) => {
      const placed = [];
      let x = 0, y = 0, row = [], rowSize = 0, before = 0;
      present.forEach((item, index) => {
        row.push(item);
        rowSize += item.size;
        before += item.size;
        if (index < present.length - 1 && before + present[index + 1].size / 2 < (total * (placed.rows ?? 0) + total) / count) return;
        const thickness = (rowSize / total) * height;
        for (const member of row) {
          const length = (member.size / rowSize) * width;
          placed.push({ item: member, x, y, width: length, height: thickness });
          x += length;
        }
        placed.rows = (placed.rows ?? 0) + 1;
        x = 0; y += thickness; row = []; rowSize = 0;
      });
      return placed;
    };
    const longness = (placed) => placed.reduce((sum, box) => sum + Math.max(box.width / box.height, box.height / box.width) * box.item.size, 0);
    let best = arrange(1);
    for (let count = 2; count <= Math.min(present.length, 64); count += 1) {
      const placed = arrange(count);
      if (longness(placed) < longness(best)) best = placed;
    }
    return best;
  };

  const map = byID("map");
  const mapState = { by: "layer", of: "stored" };
  let tiles = [];
  const drawMap = () => {
    const groups = new Map();
    data.tiles.forEach((tile, order) => {
      const key = mapState.by === "layer" ? tile.group : tile.kind;
      const label = mapState.by === "layer" ? data.groups[tile.group] : kinds.find(([kind]) => kind === tile.kind)[1];
      if (!groups.has(key)) groups.set(key, { label, order, size: 0, tiles: [], outside: mapState.by === "layer" && tile.outside ? 1 : 0 });
      const size = tile[mapState.of];
      if (size === 0) return;
      groups.get(key).size += size;
      groups.get(key).tiles.push({ tile, size, order });
    });
    const total = [...groups.values()].reduce((sum, group) => sum + group.size, 0);
    const width = map.clientWidth, height = map.clientHeight;
    tiles = [];
    const elements = [];
    // Layers in their order, what belongs to none behind them.
    const ordered = [...groups.values()].sort((a, b) => a.outside - b.outside || a.order - b.order);
    for (const box of mapState.by === "layer" && ordered.length > 2 ? strips(ordered, width, height) : squarify(ordered, 0, 0, width, height)) {
      const gap = Math.min(2, box.width / 8, box.height / 8);
      const inner = { x: box.x + gap, y: box.y + gap, width: box.width - 2 * gap, height: box.height - 2 * gap };
      const group = make("div", { class: "group" });
      place(group, inner);
      const hasTitle = inner.width > 34 && inner.height > 40;
      if (hasTitle) group.append(make("span", { text: inner.width < 58 ? box.item.label.split(" ").at(-1) : box.item.label }));
      const top = hasTitle ? 18 : 0;
      for (const leaf of squarify(box.item.tiles, 0, top, inner.width, inner.height - top)) {
        const { tile, size } = leaf.item;
        const label = mapState.by === "layer" ? tile.label : `${data.groups[tile.group]}`;
        const button = make("button", {
          type: "button", class: "tile", tabindex: "-1",
          "aria-label": `${data.groups[tile.group]}, ${tile.label}: ${bytes(size)}, ${percent(size / total)}`,
        });
        place(button, { x: leaf.x, y: leaf.y, width: Math.max(1, leaf.width - 1), height: Math.max(1, leaf.height - 1) });
        button.style.background = `var(--${tile.kind})`;
        if (leaf.width > 40 && leaf.height > 17) button.append(make("span", { text: label }));
        if (leaf.width > 60 && leaf.height > 34) button.append(make("small", { text: bytes(size) }));
        const entry = {
          button, tile, x: inner.x + leaf.x + leaf.width / 2, y: inner.y + leaf.y + leaf.height / 2,
          text: [data.groups[tile.group], tile.label, `${bytes(tile.decoded)} stored in ${bytes(tile.stored)} · ${percent(size / total)} of all · ${plural(tile.tensors, "tensor")}`],
        };
        const index = tiles.length;
        tiles.push(entry);
        button.addEventListener("focus", () => { showTile(entry); rove(index); });
        button.addEventListener("mouseenter", () => showTile(entry));
        button.addEventListener("click", () => listTile(tile));
        group.append(button);
      }
      elements.push(group);
    }
    map.replaceChildren(...elements);
    if (tiles.length > 0) tiles[0].button.tabIndex = 0;
    byID("map-readout").textContent = "Point at a tile, or move with the arrow keys; Enter lists its tensors.";
    const present = new Set(data.tiles.map((tile) => tile.kind));
    byID("map-legend").replaceChildren(...kinds.filter(([kind]) => present.has(kind)).map(([kind, label]) => {
      const swatch = make("i");
      swatch.style.background = `var(--${kind})`;
      return make("span", {}, swatch, label);
    }));
  };
  const place = (element, box) => {
    element.style.left = `${box.x}px`;
    element.style.top = `${box.y}px`;
    element.style.width = `${Math.max(0, box.width)}px`;
    element.style.height = `${Math.max(0, box.height)}px`;
  };
  const rove = (index) => { for (const [other, entry] of tiles.entries()) entry.button.tabIndex = other === index ? 0 : -1; };
  const showTile = (entry) => {
    const [group, label, rest] = entry.text;
    byID("map-readout").replaceChildren(make("b", {}, make("bdi", { text: group })), ` ${label} · ${rest}`);
  };
  const listTile = (tile) => { setFilter({ tile: data.tiles.indexOf(tile) }); byID("tensors").scrollIntoView({ block: "start" }); byID("grid").focus({ preventScroll: true }); };
  map.addEventListener("keydown", (event) => {
    const from = tiles.findIndex((entry) => entry.button === document.activeElement);
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (from < 0 || direction === undefined) return;
    event.preventDefault();
    // The nearest tile that lies in the direction, what lies aside counting twice.
    let best = -1, bestDistance = Infinity;
    for (const [index, entry] of tiles.entries()) {
      const along = (entry.x - tiles[from].x) * direction[0] + (entry.y - tiles[from].y) * direction[1];
      const aside = Math.abs((entry.x - tiles[from].x) * direction[1]) + Math.abs((entry.y - tiles[from].y) * direction[0]);
      if (index !== from && along > 0.5 && along + 2 * aside < bestDistance) { best = index; bestDistance = along + 2 * aside; }
    }
    if (best >= 0) tiles[best].button.focus();
  });
  choice(byID("map-by"), [["layer", "By layer"], ["kind", "By role"]], mapState.by, (by) => { mapState.by = by; drawMap(); });
  choice(byID("map-of"), [["stored", "Stored"], ["decoded", "Decoded"]], mapState.of, (of) => { mapState.of = of; drawMap(); });
  new ResizeObserver(drawMap).observe(map);

  // Heat map

  const heat = { metric: "", within: "model", layer: 0, expert: 0, width: 0, height: 0, left: 0, top: 20 };
  const metrics = [];
  const addMetric = (key, label, value, show) => metrics.push({ key, label, value, show });
  if (data.heat.some((row) => row.norm !== null)) {
    addMetric("norm", "Weight norm, all roles", (row, expert) => row.norm?.[expert], figure);
    for (const role of data.normRoles) addMetric(`norm-${role}`, `Weight norm, ${role}`, (row, expert) => row.roles?.[role]?.[expert], figure);
  }
  addMetric("stored", "Compressed size", (row, expert) => row.stored[expert], bytes);
  addMetric("ratio", "Compressed size of decoded", (row, expert) => row.decoded[expert] === 0 ? null : row.stored[expert] / row.decoded[expert], percent);
  if (data.trace !== null) {
    addMetric("uses", "Routing frequency", (row, expert) => row.uses[expert] / Math.max(1, data.trace.tokens), percent);
    if (data.trace.budget !== null) addMetric("hits", "Cache hits of uses", (row, expert) => row.uses[expert] === 0 ? null : row.hits[expert] / row.uses[expert], percent);
  }
  const rows = data.heat.length;
  const most = data.heat.reduce((count, row) => Math.max(count, row.stored.length), 0);
  const cells = byID("cells"), rowNames = byID("names"), ramp = byID("ramp");

  const rampColors = () => [0, 1, 2, 3, 4, 5].map((index) => {
    const hex = color(`ramp-${index}`);
    return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
  });
  const colorAt = (stops, share) => {
    const place = Math.min(0.99999, Math.max(0, share)) * (stops.length - 1);
    const index = Math.floor(place), part = place - index;
    return `rgb(${stops[index].map((from, channel) => Math.round(from + (stops[index + 1][channel] - from) * part)).join(" ")})`;
  };
  /// The range that colours span: without the outermost hundredth at either end, which would wash out the rest.
  const spanOf = (values) => {
    const sorted = values.filter((value) => typeof value === "number").sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
    return sorted.length < 50 ? [sorted[0], sorted[sorted.length - 1]] : [at(0.01), at(0.99)];
  };
  const surface = (canvas, width, height) => {
    const density = Math.min(devicePixelRatio || 1, 3, 16000 / Math.max(1, width));
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.scale(density, density);
    return context;
  };
  const step = (count, room) => [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000].find((size) => count / size <= room) ?? count;

  const drawHeat = () => {
    if (rows === 0) return;
    const metric = metrics.find((candidate) => candidate.key === heat.metric);
    const values = data.heat.map((row) => row.stored.map((_, expert) => metric.value(row, expert)));
    const spans = heat.within === "model" ? null : values.map(spanOf);
    const all = spanOf(values.flat());
    const room = byID("experts").querySelector(".scroll").clientWidth;
    heat.width = Math.min(72, Math.max(5, Math.floor((room - 1) / most * 100) / 100));
    if (heat.width * most > 15000) heat.width = 15000 / most;
    heat.height = Math.min(34, Math.max(8, Math.floor(520 / rows)));
    const gap = heat.width > 7 && heat.height > 7 ? 1 : 0;
    const context = surface(cells, Math.ceil(heat.width * most) + 1, heat.top + heat.height * rows + 1);
    const stops = rampColors();
    const missing = color("missing");
    values.forEach((row, layer) => {
      const span = spans === null ? all : spans[layer];
      row.forEach((value, expert) => {
        if (value === undefined) return;
        context.fillStyle = typeof value !== "number" || span === null ? missing
          : colorAt(stops, span[1] === span[0] ? 0.5 : (value - span[0]) / (span[1] - span[0]));
        context.fillRect(expert * heat.width, heat.top + layer * heat.height, heat.width - gap + (gap ? 0 : 0.3), heat.height - gap);
      });
    });
    context.fillStyle = color("soft");
    context.font = "11px system-ui, sans-serif";
    const every = step(most, (heat.width * most) / 44);
    for (let expert = 0; expert < most; expert += every) {
      const center = (expert + 0.5) * heat.width;
      context.textAlign = center < 12 ? "left" : center > heat.width * most - 14 ? "right" : "center";
      context.fillText(expert, center < 12 ? expert * heat.width : center > heat.width * most - 14 ? heat.width * most : center, 12);
    }
    context.strokeStyle = color("focus");
    context.lineWidth = 2;
    context.strokeRect(heat.expert * heat.width - gap / 2, heat.top + heat.layer * heat.height - gap / 2, heat.width, heat.height);

    const labels = data.layers.map((_, index) => layerLabel(index).slice(0, 24));
    const measure = rowNames.getContext("2d");
    measure.font = "11px system-ui, sans-serif";
    const side = Math.min(150, Math.max(...labels.map((label) => measure.measureText(label).width)) + 12);
    const margin = surface(rowNames, side, heat.top + heat.height * rows + 1);
    margin.fillStyle = color("soft");
    margin.font = "11px system-ui, sans-serif";
    margin.textAlign = "right";
    margin.textBaseline = "middle";
    const down = step(rows, (heat.height * rows) / 15);
    labels.forEach((label, layer) => { if (layer % down === 0) margin.fillText(label, side - 8, heat.top + (layer + 0.5) * heat.height); });

    const bar = surface(ramp, 190, 11);
    for (let x = 0; x < 190; x += 1) { bar.fillStyle = colorAt(stops, x / 189); bar.fillRect(x, 0, 1, 11); }
    const none = all === null;
    byID("low").textContent = none ? "no values" : heat.within === "model" ? metric.show(all[0]) : "least of a layer";
    byID("high").textContent = none ? "" : heat.within === "model" ? metric.show(all[1]) : "greatest of a layer";
  };

  const showCell = () => {
    if (rows === 0) return;
    const layer = data.layers[heat.layer], row = data.heat[heat.layer], expert = heat.expert;
    const list = make("dl");
    const add = (title, value, share) => {
      list.append(make("dt", { text: title }), make("dd", { text: value }));
      if (share === undefined) return;
      const fill = make("i");
      fill.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
      list.append(make("div", { class: "meter" }, fill));
    };
    if (expert >= row.stored.length) {
      byID("cell").replaceChildren(make("h3", { text: `Layer ${layerLabel(heat.layer)}` }), make("p", { class: "note", text: "no such expert" }));
      return;
    }
    const greatest = (of) => (of ?? []).reduce((best, value) => typeof value === "number" ? Math.max(best, value) : best, 0) || 1;
    add("Stored", bytes(row.stored[expert]), row.decoded[expert] === 0 ? 0 : row.stored[expert] / row.decoded[expert]);
    add("Decoded", bytes(row.decoded[expert]));
    if (row.norm !== null) {
      add("Norm", figure(row.norm[expert]), row.norm[expert] / greatest(row.norm));
      for (const role of data.normRoles) if (row.roles[role] !== undefined) add(role, figure(row.roles[role][expert]), row.roles[role][expert] / greatest(row.roles[role]));
    }
    if (data.trace !== null) {
      add("Chosen by", `${percent(row.uses[expert] / Math.max(1, data.trace.tokens))} of tokens`, row.uses[expert] / greatest(row.uses));
      if (data.trace.budget !== null) add("Found in cache", row.uses[expert] === 0 ? "never used" : `${whole(row.hits[expert])} of ${whole(row.uses[expert])}`, row.uses[expert] === 0 ? 0 : row.hits[expert] / row.uses[expert]);
    }
    byID("cell").replaceChildren(
      make("h3", { text: `Layer ${layerLabel(heat.layer)}, expert ${expert}` }),
      make("p", { class: "note" }, make("bdi", { text: layer.path })), list,
      make("p", {}, make("button", { type: "button", text: "List its tensors", on: { click: () => { setFilter({ bank: heat.layer, expert }); byID("tensors").scrollIntoView({ block: "start" }); } } })));
  };
  const moveTo = (layer, expert) => {
    heat.layer = Math.min(rows - 1, Math.max(0, layer));
    heat.expert = Math.min(most - 1, Math.max(0, expert));
    drawHeat();
    showCell();
    const scroll = cells.parentElement, left = heat.expert * heat.width;
    if (left < scroll.scrollLeft) scroll.scrollLeft = left;
    else if (left + heat.width > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = left + heat.width - scroll.clientWidth;
  };
  const cellAt = (event) => {
    const box = cells.getBoundingClientRect();
    return [Math.floor((event.clientY - box.top - heat.top) / heat.height), Math.floor((event.clientX - box.left) / heat.width)];
  };
  if (rows === 0) byID("experts").hidden = true;
  else {
    heat.metric = metrics[0].key;
    byID("metric").replaceChildren(...metrics.map((metric) => make("option", { value: metric.key, text: metric.label })));
    byID("metric").addEventListener("change", (event) => { heat.metric = event.target.value; drawHeat(); });
    choice(byID("span"), [["model", "Whole model"], ["layer", "Within layers"]], heat.within, (within) => { heat.within = within; drawHeat(); });
    byID("experts-note").textContent = `A row for each layer, a column for each expert.${data.trace === null ? "" : ` Routing of ${plural(data.trace.tokens, "token")} from ${data.trace.name}.`}`;
    cells.addEventListener("pointerdown", (event) => { const [layer, expert] = cellAt(event); if (layer >= 0) moveTo(layer, expert); });
    cells.addEventListener("pointermove", (event) => {
      const [layer, expert] = cellAt(event);
      if (event.pointerType === "mouse" && event.buttons === 0 && layer >= 0 && layer < rows && expert < most && (layer !== heat.layer || expert !== heat.expert)) moveTo(layer, expert);
    });
    cells.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -most], End: [0, most] };
      const move = moves[event.key];
      if (move === undefined) return;
      event.preventDefault();
      moveTo(heat.layer + move[0], heat.expert + move[1]);
    });
    new ResizeObserver(drawHeat).observe(cells.parentElement);
    redrawn.push(drawHeat);
    showCell();
  }

  // Compression

  {
    const isQuick = data.dtypes.every((dtype) => dtype.planes.length === 0);
    byID("compression-note").textContent = isQuick
      ? "Stored bytes of each type; the bar is its size decoded."
      : "A float’s bytes are stored as planes: the one with the exponents shrinks, the mantissa’s hardly. The bar is the type’s size decoded.";
    const shades = (count) => Array.from({ length: count }, (_, index) => `color-mix(in oklab, var(--accent) ${100 - (index * 62) / Math.max(1, count - 1 || 1)}%, var(--track))`);
    byID("dtypes").replaceChildren(...data.dtypes.map((dtype) => {
      const bar = make("div", { class: "bar" }), list = make("div", { class: "planes" });
      const planes = dtype.planes.length > 1 ? dtype.planes.map((size, index) => [size, index]).reverse() : [[dtype.stored, 0]];
      const fills = shades(planes.length);
      planes.forEach(([size, index], order) => {
        const fill = make("i");
        fill.style.width = `${dtype.decoded === 0 ? 0 : (size / dtype.decoded) * 100}%`;
        fill.style.background = fills[order];
        bar.append(fill);
        if (planes.length < 2) return;
        const swatch = make("i");
        swatch.style.background = fills[order];
        const name = order === 0 ? `plane ${index}, high` : order === planes.length - 1 ? `plane ${index}, low` : `plane ${index}`;
        list.append(make("span", {}, swatch, `${name}: ${percent((size * planes.length) / Math.max(1, dtype.inPlanes))}`));
      });
      return make("div", { class: "dtype" }, make("b", { text: dtype.name }), bar,
        make("div", { class: "total", text: `${bytes(dtype.decoded)} → ${bytes(dtype.stored)}  (${percent(dtype.decoded === 0 ? 1 : dtype.stored / dtype.decoded)})` }), list);
    }));
  }

  // Layers

  if (moeLayers === 0) byID("layers").hidden = true;
  else {
    const titles = [["Layer"], ["Path", "text"], ["Experts"], ["Top-k"], ["Shared"], ["Hidden"], ["Expert"], ["Router", "text"], ["Function", "text"], ["Decoded"], ["Stored"]];
    byID("layer-titles").replaceChildren(make("tr", {}, ...titles.map(([title, kind]) => make("th", { scope: "col", class: kind ?? "", text: title }))));
    byID("layer-rows").replaceChildren(...data.layers.map((layer) => make("tr", {},
      make("td", { text: layer.layer ?? "–" }), make("td", { class: "text path" }, make("bdi", { text: layer.path })), make("td", { text: whole(layer.experts) }),
      make("td", { text: layer.topK }), make("td", { text: layer.shared }), make("td", { text: whole(layer.hidden) }), make("td", { text: whole(layer.size) }),
      make("td", { class: "text", text: layer.router }), make("td", { class: "text", text: layer.function }),
      make("td", { text: bytes(layer.decoded) }), make("td", { text: bytes(layer.stored) }))));
  }

  // Table of tensors: only the rows in sight exist.

  const text = (values) => (index) => values[index];
  const table = [
    { key: "name", title: "Name", text: true, value: text(names), show: text(names) },
    { key: "dtype", title: "Type", text: true, value: (i) => data.dtypeNames[columns.dtype[i]], show: (i) => data.dtypeNames[columns.dtype[i]] },
    { key: "shape", title: "Shape", text: true, value: (i) => data.shapes[columns.shape[i]].reduce((a, b) => a * b, 1), show: (i) => data.shapes[columns.shape[i]].join(" × ") || "scalar" },
    { key: "role", title: "Role", text: true, value: (i) => data.roles[columns.role[i]], show: (i) => data.roles[columns.role[i]] },
    { key: "layer", title: "Layer", value: (i) => columns.bank[i], show: (i) => columns.bank[i] < 0 ? "" : layerLabel(columns.bank[i]) },
    { key: "expert", title: "Expert", value: (i) => columns.expert[i], show: (i) => columns.expert[i] === -2 ? "all" : columns.expert[i] < 0 ? "" : columns.expert[i] },
    { key: "decoded", title: "Decoded", value: (i) => columns.decoded[i], show: (i) => bytes(columns.decoded[i]) },
    { key: "stored", title: "Stored", value: (i) => columns.stored[i], show: (i) => bytes(columns.stored[i]) },
    { key: "ratio", title: "Ratio", value: ratio, show: (i) => percent(ratio(i)) },
    { key: "rms", title: "RMS", value: (i) => typeof columns.rms[i] === "number" ? columns.rms[i] : -1, show: (i) => figure(columns.rms[i]) },
  ].filter((column) => column.key !== "rms" || columns.rms !== null);
  if (columns.rms === null) byID("grid").classList.add("quick");

  const view = { rows: [], sort: null, descending: false, selected: -1, filter: {} };
  const body = byID("rows"), canvas = make("div", { role: "presentation" });
  body.append(canvas);
  const rowHeight = () => parseFloat(getComputedStyle(byID("grid")).getPropertyValue("--row")) || 30;
  // Browsers cut elements off beyond some millions of pixels; the scrolled distance is then a share of all rows.
  const limit = 8_000_000;

  const titleCells = table.map((column) => {
    const button = make("button", { type: "button", text: column.title });
    const cell = make("div", { role: "columnheader", class: `c-${column.key}${column.text ? " text" : ""}`, "aria-sort": "none" }, button);
    button.addEventListener("click", () => {
      view.descending = view.sort === column ? !view.descending : !column.text;
      view.sort = column;
      titleCells.forEach((other) => other.setAttribute("aria-sort", "none"));
      cell.setAttribute("aria-sort", view.descending ? "descending" : "ascending");
      arrange();
    });
    return cell;
  });
  byID("titles").replaceChildren(...titleCells);

  /// Words that must all occur, in any order; with * or ? patterns of the whole name.
  const matcher = (query) => {
    const words = query.trim().toLowerCase().split(/\s+/).filter((word) => word !== "").map((word) => {
      if (!/[*?]/.test(word)) return (name) => name.includes(word);
      const pattern = new RegExp(`^${word.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*").replace(/\?/g, ".")}$`, "s");
      return (name) => pattern.test(name);
    });
    return (name) => words.every((word) => word(name));
  };

  const arrange = () => {
    const matches = matcher(byID("filter").value);
    const dtype = byID("of-dtype").value, role = byID("of-role").value, layer = byID("of-layer").value;
    const { tile, bank, expert } = view.filter;
    const found = [];
    let decoded = 0, stored = 0;
    for (let index = 0; index < tensorCount; index += 1) {
      if (dtype !== "" && columns.dtype[index] !== Number(dtype)) continue;
      if (role !== "" && columns.role[index] !== Number(role)) continue;
      if (layer !== "" && columns.bank[index] !== Number(layer)) continue;
      if (tile !== undefined && columns.tile[index] !== tile) continue;
      if (bank !== undefined && (columns.bank[index] !== bank || (columns.expert[index] !== expert && columns.expert[index] !== -2))) continue;
      if (!matches(names[index].toLowerCase())) continue;
      found.push(index);
      decoded += columns.decoded[index];
      stored += columns.stored[index];
    }
    if (view.sort !== null) {
      const { value } = view.sort, sign = view.descending ? -1 : 1;
      const keys = new Map(found.map((index) => [index, value(index)]));
      found.sort((a, b) => {
        const x = keys.get(a), y = keys.get(b);
        return x < y ? -sign : x > y ? sign : a - b;
      });
    }
    view.rows = found;
    view.selected = -1;
    const only = tile !== undefined ? ` in ${data.groups[data.tiles[tile].group]}, ${data.tiles[tile].label}` : bank !== undefined ? ` of layer ${layerLabel(bank)}, expert ${expert}` : "";
    byID("count").textContent = `${whole(found.length)} of ${plural(tensorCount, "tensor")}${only}: ${bytes(decoded)} stored in ${bytes(stored)}`;
    byID("grid").setAttribute("aria-rowcount", String(found.length + 1));
    body.scrollTop = 0;
    drawRows();
    showRow();
  };

  const drawRows = () => {
    const height = rowHeight(), total = view.rows.length * height;
    const shown = Math.min(total, limit);
    canvas.style.height = `${shown}px`;
    const top = shown <= body.clientHeight ? 0 : (body.scrollTop / (shown - body.clientHeight)) * (total - body.clientHeight);
    const first = Math.max(0, Math.floor(top / height) - 4);
    const last = Math.min(view.rows.length, Math.ceil((top + body.clientHeight) / height) + 4);
    const elements = [];
    for (let position = first; position < last; position += 1) {
      const index = view.rows[position];
      const row = make("div", { class: position === view.selected ? "row on" : "row", role: "row", id: `row-${position}`, "aria-rowindex": String(position + 2), "aria-selected": String(position === view.selected) },
        ...table.map((column) => {
          const shownText = String(column.show(index));
          return make("div", { role: "gridcell", class: `c-${column.key}${column.text ? " text" : ""}` }, column.key === "name" ? make("bdi", { text: shownText }) : shownText);
        }));
      row.style.top = `${position * height - top + body.scrollTop}px`;
      row.addEventListener("click", () => select(position));
      elements.push(row);
    }
    canvas.replaceChildren(...elements);
    shorten(elements);
    if (view.selected >= first && view.selected < last) byID("grid").setAttribute("aria-activedescendant", `row-${view.selected}`);
    else byID("grid").removeAttribute("aria-activedescendant");
  };
  /// Cuts names that do not fit in their middle: their ends tell them apart.
  const shorten = (elements) => {
    const first = elements[0]?.firstElementChild;
    if (first === undefined || getComputedStyle(first).whiteSpace !== "nowrap") return;
    const probe = make("bdi", { text: "0".repeat(100) });
    first.append(probe);
    const fits = Math.floor((first.clientWidth - 18) / (probe.getBoundingClientRect().width / 100));
    probe.remove();
    for (const row of elements) {
      const name = row.firstElementChild.firstElementChild, characters = Array.from(name.textContent);
      if (characters.length <= fits) continue;
      const head = Math.max(4, Math.floor(fits * 0.3));
      name.textContent = `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (fits - head - 1)).join("")}`;
    }
  };
  const select = (position) => {
    view.selected = Math.min(view.rows.length - 1, Math.max(0, position));
    const height = rowHeight(), total = view.rows.length * height, shown = Math.min(total, limit);
    const share = shown <= body.clientHeight ? 0 : (shown - body.clientHeight) / (total - body.clientHeight);
    const top = share === 0 ? 0 : body.scrollTop / share;
    if (view.selected * height < top) body.scrollTop = view.selected * height * share;
    else if ((view.selected + 1) * height > top + body.clientHeight) body.scrollTop = ((view.selected + 1) * height - body.clientHeight) * share;
    drawRows();
    showRow();
  };
  const showRow = () => {
    const index = view.rows[view.selected];
    if (index === undefined) { byID("chosen").replaceChildren(make("div", { text: view.rows.length === 0 ? "No tensor matches." : "Choose a row to see all of its name and values." })); return; }
    const facts = table.slice(1).map((column) => [column.title.toLowerCase(), column.show(index)]).filter(([, value]) => value !== "").map(([title, value]) => `${title} ${value}`);
    if (columns.low !== null && columns.low[index] !== null) facts.push(`values ${figure(columns.low[index])} to ${figure(columns.high[index])}`, `zeros ${whole(columns.zeros[index])}`);
    if (columns.bad !== null && columns.bad[index] > 0) facts.push(`infinite or NaN ${whole(columns.bad[index])}`);
    byID("chosen").replaceChildren(make("bdi", { text: names[index] }), make("div", { text: facts.join(" · ") }));
  };
  body.addEventListener("scroll", drawRows, { passive: true });
  byID("grid").addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLButtonElement) return;
    const page = Math.max(1, Math.floor(body.clientHeight / rowHeight()) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (moves[event.key] === undefined || view.rows.length === 0) return;
    event.preventDefault();
    select(view.selected < 0 && moves[event.key] === -1 ? 0 : Math.max(0, Math.min(view.rows.length - 1, view.selected + moves[event.key])));
  });
  const fill = (place, all, options) => place.replaceChildren(make("option", { value: "", text: all }), ...options.map(([value, label]) => make("option", { value: String(value), text: label })));
  fill(byID("of-dtype"), "All types", data.dtypeNames.map((name, index) => [index, name]));
  fill(byID("of-role"), "All roles", data.roles.map((name, index) => [index, name]));
  fill(byID("of-layer"), "All layers", [...(columns.bank.includes(-1) ? [[-1, "outside MoE layers"]] : []), ...data.layers.map((layer, index) => [index, layer.layer === null ? layer.path : `layer ${layer.layer}`])]);
  const setFilter = (filter) => {
    for (const id of ["filter", "of-dtype", "of-role", "of-layer"]) byID(id).value = "";
    view.filter = filter;
    arrange();
  };
  let waiting = 0;
  byID("filter").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(arrange, 80); });
  for (const id of ["of-dtype", "of-role", "of-layer"]) byID(id).addEventListener("change", arrange);
  byID("clear").addEventListener("click", () => setFilter({}));
  new ResizeObserver(drawRows).observe(body);

  byID("footer").textContent = `Made by moe-inspect report, ${file.tool}. The page stands alone: it loads nothing.`;
  applyTheme();
  arrange();
})();
