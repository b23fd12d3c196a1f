// The chart of the dashboard, out of the JSON beside it, which each refresh brings anew.

const styles = getComputedStyle(document.documentElement);
const color = (name) => styles.getPropertyValue(name).trim();
let chart = null;

const drawn = () => JSON.parse(document.getElementById("chart-data").textContent);

const datasets = (series) =>
  series.map(({ label, color: name, values }) => ({
    label,
    data: values,
    backgroundColor: color(name),
    hoverBackgroundColor: color(name),
    maxBarThickness: 40,
  }));

const draw = () => {
  const { labels, series } = drawn();
  if (chart) {
    chart.data.labels = labels;
    chart.data.datasets.forEach((each, number) => {
      each.data = series[number].values;
    });
    chart.update();
    return;
  }
  const reverse = document.documentElement.dir === "rtl";
  const text = color("--color-base-content");
  const grid = { color: color("--color-base-300") };
  chart = new window.Chart(document.getElementById("chart-canvas"), {
    type: "bar",
    data: { labels, datasets: datasets(series) },
    options: {
      animation: false,
      maintainAspectRatio: false,
      color: text,
      scales: {
        x: { stacked: true, reverse, grid: { display: false }, ticks: { color: text } },
        y: {
          stacked: true,
          beginAtZero: true,
          suggestedMax: 4,
          position: reverse ? "right" : "left",
          grid,
          ticks: { color: text, precision: 0 },
        },
      },
      plugins: {
        legend: { position: "bottom", rtl: reverse, labels: { color: text } },
        tooltip: { rtl: reverse },
      },
    },
  });
};

draw();

// The table stays as it was left, open or closed.
let opened = false;
document.body.addEventListener("htmx:beforeSwap", () => {
  opened = Boolean(document.getElementById("week-table")?.open);
});
document.body.addEventListener("htmx:afterSettle", () => {
  const table = document.getElementById("week-table");
  if (table) table.open = opened;
});
document.body.addEventListener("htmx:afterSettle", draw);
