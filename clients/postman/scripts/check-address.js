// Before every request: where a signed one may go, and for which region. The same rules as in the other clients.
const address = pm.variables.replaceIn(pm.request.url.toString());
const region = pm.variables.get("region");
const livesIn = (/^https:\/\/[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws(?:[:/]|$)/.exec(address) || [])[1];
const refused =
    /^[a-z]+:\/\/[^/?#]*@/i.test(address)
        ? "the endpoint must not hold a user name or password; credentials come from AWS's own chain"
    : !/^https:\/\/|^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/|$)/i.test(address)
        ? "the endpoint must begin with https://; plain http is only for an emulator on this machine"
    : livesIn && livesIn !== region
        ? `wrong region: the endpoint is in ${livesIn}, requests would be signed for ${region} and refused; ` +
          "leave the region out, it stands in the endpoint's name"
    : "";
if (refused) {
    pm.test(refused, () => pm.expect.fail());
    pm.execution.setNextRequest(null);
    pm.execution.skipRequest();
}
