// Browsers load no modules from file:, so the page itself cannot start there.

if (location.protocol === "file:") {
  const notice = document.querySelector("#notice");
  notice.textContent = "Opened as a file, browsers do not run this page: serve its folder, for example by python -m http.server.";
  notice.hidden = false;
}
