"""Order, retries and concurrency on other engines; what is done stands in `mmskin_build.steps`.

1. `environment`, `server`: Prefect's settings before it is imported; its server, which ends with us
2. `tasks`: functions of ours as Prefect tasks
3. `build_dataset`: the build as a flow; `train_skinvl`, `evaluate_skinvl`: the model's
4. `cluster`, `dask_build`: the build on a Dask cluster, with or without Prefect; `spread`: a book's
   pages and pictures on all workers; `travel`: what workers need that share no folder
"""
