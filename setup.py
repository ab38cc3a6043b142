from setuptools import find_packages, setup

# flows/ stands at the top of the repository, where its readers look for it, and is installed as
# mmskin_build.flows, so that workers and deployments import it under one name.
setup(
    packages=[*find_packages("src"), "mmskin_build.flows"],
    package_dir={"": "src", "mmskin_build.flows": "flows"},
)
