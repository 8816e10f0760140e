if (pm.variables.get("answered")) {
    pm.test("the endpoint names its model", () => {
        pm.response.to.have.status(200);
        pm.expect(pm.response.json()).to.include.keys("name", "version", "features");
    });
    pm.test("the model takes the features of this collection", () => {
        const names = pm.response.json().features.map((feature) => feature.name);
        pm.expect(names).to.have.members(FEATURES);
    });
}
