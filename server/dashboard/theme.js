// Not a module: it runs before the page is drawn the first time, so that the theme does not flash.

{
  const kept = "stet-theme";
  const themes = ["auto", "light", "dark"];
  let theme = localStorage.getItem(kept) ?? "auto";

  const show = () => {
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    const button = document.getElementById("theme");
    if (!button) return;
    button.dataset["shows"] = theme;
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  };

  show();
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "auto";
      localStorage.setItem(kept, theme);
      show();
    });
  });
}
