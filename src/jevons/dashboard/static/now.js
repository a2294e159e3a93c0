// Whoever is not signed in any more gets the page that says so, and no figures that stand still.

document.addEventListener("htmx:responseError", () => location.reload());
