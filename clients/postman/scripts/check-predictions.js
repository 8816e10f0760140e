if (pm.variables.get("answered")) {
    pm.test("there is a prediction for each record", () => {
        pm.response.to.have.status(200);
        pm.expect(pm.response.json()).to.have.lengthOf(EXPECTED.length);
    });
    if (pm.response.headers.get("x-model-version") === MODEL_VERSION) {
        pm.test("the predictions are those that training saw", () => {
            pm.response.json().forEach((got, i) => pm.expect(got).to.be.closeTo(EXPECTED[i], TOLERANCE));
        });
    }
}
