import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Away, Refused } from "./api/client";
import { LiveProvider } from "./live/live";
import { setSignedOut } from "./live/signed-out";
import { Toasts } from "./parts/toasts";
import { router } from "./routes";

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof Refused && error.status === 401) setSignedOut(true);
    },
    onSuccess: () => setSignedOut(false),
  }),
  defaultOptions: {
    queries: {
      // The event stream says what is stale; asking again without a reason would only cost.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: (times, error) => !(error instanceof Refused) && !(error instanceof Away) && times < 2,
    },
  },
});

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <LiveProvider>
        <Toasts>
          <RouterProvider router={router} />
        </Toasts>
      </LiveProvider>
    </QueryClientProvider>
  );
}
