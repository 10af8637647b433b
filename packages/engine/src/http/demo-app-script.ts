/**
 * The demo product's own script, as text: what a customer's developers write around the snippet. Plain JavaScript
 * for browsers; it may not contain the end of a script element.
 */
export const DEMO_APP_SCRIPT = `
(function () {
  var config = JSON.parse(document.body.dataset.config);
  var byId = function (id) { return document.getElementById(id); };

  function note(text) {
    var list = byId("sent");
    if (!list) return;
    var item = document.createElement("li");
    item.textContent = text;
    list.prepend(item);
    while (list.children.length > 8) list.lastChild.remove();
  }
  function track(event, properties) {
    growthos.track(event, properties);
    note("track: " + event);
  }

  growthos.load(config.writeKey);
  growthos.page(config.person ? "Overview" : "Log in");
  note("page: Overview");
  if (!config.person) return;

  var person = config.person;
  growthos.identify(person.userId, { name: person.name, email: person.email }, { userHash: config.userHash, emailHash: config.emailHash });
  growthos.group(person.company.domain, { name: person.company.name, domain: person.company.domain });
  note("identify: " + person.userId);
  if (new URLSearchParams(location.search).has("login")) {
    track("Logged In", { method: "demo" });
    history.replaceState(null, "", "/demo-app?as=" + encodeURIComponent(person.userId));
  }

  var names = ["Difference table", "Punched-card audit", "Lunar trajectory", "Compiler statistics", "Steam forecast"];
  var runs = 0;
  byId("run-report").addEventListener("click", function () {
    var name = names[runs % names.length];
    runs += 1;
    track("Report Run", { report: name, rows: 100 + runs * 37 });
    var row = byId("reports").insertRow(0);
    [name, "Done", String(100 + runs * 37)].forEach(function (text) { row.insertCell().textContent = text; });
  });
  byId("invite").addEventListener("click", function () {
    track("Teammate Invited", { role: "analyst" });
  });
  byId("log-out").addEventListener("click", function () {
    track("Logged Out");
    growthos.reset();
    location.assign("/demo-app");
  });
})();
`;
