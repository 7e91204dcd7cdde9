// Runs before the first paint, so that a page chosen to be dark does not flash.
const chosen = localStorage.getItem("holdfast-theme");
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
